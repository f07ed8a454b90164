/** Group normalisation and the leaky ReLU behind it, as traced and lowered: several kernels, measured as one. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import { groupNorm, leakyRelu } from "../../lib/nn/layers.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import { type KernelCase, programOf, traffic } from "./case.js";
import { apply } from "./layer.js";

const GROUPS = 8;
const LANES = 2;

function norm([x, scale, shift]: readonly Tensor[]): Tensor {
  const { shape } = x as Tensor;
  const params = { scale: scale as Tensor, shift: shift as Tensor };
  const normal = apply(groupNorm(shape.at(-1) as number, GROUPS), params, x as Tensor);
  return apply(leakyRelu(), {}, normal);
}

/** The gradient computes its statistics anew: it is given no more than the input and the cotangent. */
function normCases(shape: Shape): KernelCase[] {
  const channels = { shape: shape.slice(-1) };
  const inputs = [{ shape }, channels, channels];
  const forward = programOf(inputs, (...xs) => [norm(xs)]);
  const backward = programOf([...inputs, { shape }], (...xs) => {
    const sources = xs.slice(0, 3);
    return pullback([norm(sources)], [xs[3] as Tensor], sources) as Tensor[];
  });
  const tangent = programOf(
    [...inputs, ...inputs.map((input) => ({ ...input, laned: true }))],
    (...xs) => {
      const sources = xs.slice(0, 3);
      const seeds = new Map(sources.map((x, i) => [x, xs[3 + i] as Tensor]));
      return pushforward([norm(sources)], seeds) as Tensor[];
    },
    { lanes: LANES },
  );
  const each = { forward, gradient: backward, [`${LANES} tangents`]: tangent };
  return Object.entries(each).map(([what, program]) => ({
    group: "normalisation",
    name: `GroupNorm, leaky ReLU ${what}`,
    shape: `[${shape}]`,
    program,
    work: traffic(program),
  }));
}

export const normalisationCases = (): KernelCase[] => [
  ...normCases([128, 32, 32, 16]),
  ...normCases([128, 32, 32, 32]),
  ...normCases([128, 16, 16, 64]),
  ...normCases([128, 8, 8, 128]),
];
