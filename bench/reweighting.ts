/** Data reweighting: each example's loss counts as much as a network with 385 hyperparameters says. */
import {
  grad,
  type HostArray,
  learn,
  nn,
  ops,
  type StepContext,
  type Tensor,
} from "../lib/index.js";
import { flatten, type TreeDef } from "../lib/ir/tree.js";
import { isTensor } from "../lib/trace/trace.js";

const HIDDEN = 128;
const RATE = 0.01;
const MOMENTUM = 0.9;

export const REWEIGHTING_HYPERPARAMETERS = 3 * HIDDEN + 1;

type Network = Readonly<Record<"first" | "shift" | "second" | "end", Tensor>>;

/** The network's parameters, each array as `make` has it for its shape. */
export function weightNetwork(make: (shape: readonly number[]) => HostArray) {
  const hidden = () => learn.identity(make([HIDDEN]));
  return { first: hidden(), shift: hidden(), second: hidden(), end: learn.identity(make([])) };
}

function weight(network: Network, loss: Tensor): Tensor {
  const column = ops.reshape(loss, [...loss.shape, 1]);
  const hidden = ops.maximum(ops.add(ops.mul(column, network.first), network.shift), 0);
  const score = ops.sum(ops.mul(hidden, network.second), { axes: [1] });
  return ops.logistic(ops.add(score, network.end));
}

interface State {
  readonly parameters: readonly Tensor[];
  readonly velocity: readonly Tensor[];
}

interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** A step with momentum on the weighted losses of a model, and the criterion: its losses as they are. */
export function reweighting(model: nn.Model, tree: TreeDef) {
  const losses = (parameters: readonly Tensor[], { x, y }: Batch, context: StepContext) =>
    nn.softmaxCrossEntropy(model.apply(tree.rebuild(parameters) as nn.Params, x, context), y);
  return {
    step(state: State, network: Network, batch: Batch, context: StepContext): State {
      const objective = (now: readonly Tensor[]) => {
        const each = losses(now, batch, context);
        return ops.mean(ops.mul(weight(network, each), each));
      };
      const [gradient] = flatten(grad(objective)(state.parameters), isTensor);
      const velocity = state.velocity.map((v, i) =>
        ops.add(ops.mul(v, MOMENTUM), gradient[i] as Tensor),
      );
      const moved = state.parameters.map((p, i) =>
        ops.sub(p, ops.mul(velocity[i] as Tensor, RATE)),
      );
      return { parameters: moved, velocity };
    },
    criterion: (state: State, _: Network, batch: Batch, context: StepContext) =>
      losses(state.parameters, batch, context),
  };
}
