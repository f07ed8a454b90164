/** Chains of elementwise operations that fuse: activations, optimizer updates, the loss. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import { leakyRelu } from "../../lib/nn/layers.js";
import { add, logistic, mul, sub } from "../../lib/ops/elementwise.js";
import { softmaxCrossEntropy } from "../../lib/ops/normalize.js";
import { mean } from "../../lib/ops/reduce.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import { tracedValueAndGrad } from "../../lib/transform/grad.js";
import { type KernelCase, type Operand, programOf, traffic } from "./case.js";
import { apply } from "./layer.js";

const activation = (x: Tensor, bias: Tensor) => apply(leakyRelu(), {}, add(x, bias));

/** Bias and leaky ReLU: forwards, backwards, and along tangents of both. */
function activationCases(shape: Shape, lanes: number): KernelCase[] {
  const x = { shape };
  const bias = { shape: shape.slice(-1) };
  const forward = programOf([x, bias], (a, b) => [activation(a, b)]);
  const backward = programOf([x, bias, x], (a, b, g) => {
    const y = activation(a, b);
    return pullback([y], [g], [a]) as Tensor[];
  });
  const tangent = programOf(
    [x, bias, { ...x, laned: true }, { ...bias, laned: true }],
    (a, b, da, db) => {
      const seeds = new Map([
        [a, da],
        [b, db],
      ]);
      return pushforward([activation(a, b)], seeds) as Tensor[];
    },
    { lanes },
  );
  const each = { forward, gradient: backward, [`${lanes} tangents`]: tangent };
  return Object.entries(each).map(([what, program]) => ({
    group: "fused",
    name: `bias, leaky ReLU ${what}`,
    shape: `[${shape}]`,
    program,
    work: traffic(program),
  }));
}

/** New parameters and velocity from parameters, velocity, gradient and raw rates, as `optim.sgd` has them. */
function update([p, v, g, ...raw]: readonly Tensor[]): [Tensor, Tensor] {
  const [lr, momentum, decay] = raw.map(logistic) as [Tensor, Tensor, Tensor];
  const velocity = add(mul(v as Tensor, momentum), add(g as Tensor, mul(p as Tensor, decay)));
  return [sub(p as Tensor, mul(velocity, lr)), velocity];
}

/** Parameters and velocity are updated in place, and so are their tangents. */
function updateCase(parameters: number, lanes: number): KernelCase {
  const array = { shape: [parameters] };
  const rate = { shape: [], name: "hyper" };
  const plain: Operand[] = [array, array, array, rate, rate, rate];
  const count = plain.length;
  const tangents = plain.map(({ shape }): Operand => ({ shape, laned: true }));
  const body = (...xs: Tensor[]) => {
    const next = update(xs.slice(0, count));
    const seeds = new Map(xs.slice(0, count).map((x, i) => [x, xs[count + i] as Tensor]));
    return lanes > 0 ? [...next, ...(pushforward(next, seeds) as Tensor[])] : next;
  };
  const inPlace = lanes > 0 ? [0, 1, count, count + 1] : [0, 1];
  const program = programOf(lanes > 0 ? [...plain, ...tangents] : plain, body, {
    lanes: Math.max(1, lanes),
    donate: new Map(inPlace.map((slot, output) => [output, slot])),
  });
  return {
    group: "fused",
    name: `SGD, momentum, decay${lanes > 0 ? ` and ${lanes} tangents` : ""}`,
    shape: `[${parameters}]`,
    program,
    work: traffic(program, inPlace),
  };
}

function lossCase(examples: number, classes: number): KernelCase {
  const program = programOf(
    [{ shape: [examples, classes] }, { shape: [examples], dtype: "int32" }],
    (logits, labels) => {
      const loss = (x: Tensor) => mean(softmaxCrossEntropy(x, labels));
      return tracedValueAndGrad(loss, [logits], 0) as Tensor[];
    },
  );
  return {
    group: "fused",
    name: "softmax cross-entropy and gradient",
    shape: `[${[examples, classes]}]`,
    program,
    work: traffic(program),
  };
}

const LENET_PARAMETERS = 15_386;
const WRN_PARAMETERS = 1_467_610;

export const fusedCases = (): KernelCase[] => [
  ...activationCases([128, 24, 24, 16], 3),
  ...activationCases([128, 32, 32, 32], 2),
  updateCase(LENET_PARAMETERS, 0),
  updateCase(LENET_PARAMETERS, 3),
  updateCase(WRN_PARAMETERS, 0),
  updateCase(WRN_PARAMETERS, 2),
  lossCase(128, 10),
  lossCase(8192, 10),
];
