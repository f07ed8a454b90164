/**
 * Times a step of data reweighting in 32 lanes: WRN-16-2 on batches of 16, the weight of each example
 * from its loss by a network with 385 hyperparameters. One window of one step takes 13 passes of 32
 * lanes, each a step with tangents; the figure is a pass's share of it.
 */
import {
  array,
  bilevel,
  grad,
  type HostArray,
  learn,
  local,
  nn,
  ops,
  optim,
  type Tensor,
} from "../../lib/index.js";
import { isHostArray } from "../../lib/ir/array.js";
import { flatten } from "../../lib/ir/tree.js";
import { isTensor } from "../../lib/trace/trace.js";
import { recordPrograms } from "../recorder.js";
import { spread } from "../statistics.js";
import { printFigure, productGflop, programNamed } from "./figure.js";
import { noise } from "./noise.js";
import { requested, threadsOption } from "./request.js";

const HIDDEN = 128;
const BATCH = 16;
const LANES = 32;
const PASSES = Math.ceil((3 * HIDDEN + 1) / LANES);
const RATE = 0.01;
const MOMENTUM = 0.9;

const small = (shape: readonly number[]) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return learn.identity(
    array(
      Float32Array.from({ length: count }, () => 0.2 * (Math.random() - 0.5)),
      shape,
    ),
  );
};

type Network = Readonly<Record<"first" | "shift" | "second" | "end", Tensor>>;

function weight(network: Network, loss: Tensor): Tensor {
  const column = ops.reshape(loss, [BATCH, 1]);
  const hidden = ops.maximum(ops.add(ops.mul(column, network.first), network.shift), 0);
  const score = ops.sum(ops.mul(hidden, network.second), { axes: [1] });
  return ops.logistic(ops.add(score, network.end));
}

const request = requested();
const model = nn.wideResnet(16, 2);
const [parameters, tree] = flatten(model.initialize(0, "float32"), isHostArray);
const zeros = ({ shape, data }: HostArray) => array(new Float32Array(data.length), shape);
const hidden = [HIDDEN];
const { value: study, programs } = recordPrograms(() =>
  bilevel({
    state: { parameters, velocity: parameters.map(zeros) },
    hyper: { first: small(hidden), shift: small(hidden), second: small(hidden), end: small([]) },
    step: (state, network: Network, { x, y }, context) => {
      const objective = (now: readonly Tensor[]) => {
        const logits = model.apply(tree.rebuild(now) as nn.Params, x, context);
        const losses = nn.softmaxCrossEntropy(logits, y);
        return ops.mean(ops.mul(weight(network, losses), losses));
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
    criterion: ({ parameters: now }, _, { x, y }, context) =>
      nn.softmaxCrossEntropy(model.apply(tree.rebuild(now) as nn.Params, x, context), y),
    data: { train: noise(BATCH), validation: noise(1) },
    steps: 1,
    batchSize: BATCH,
    hypergradient: local({ window: 1 }),
    outer: optim.sgd({ lr: 0.1 }),
    mode: "forward",
    lanes: LANES,
    ...threadsOption(request),
  }),
);
const { msPerStep } = await study.result;
const program = programNamed(programs, `step with ${LANES} tangents`);
printFigure(spread([msPerStep / PASSES]), productGflop(program));
