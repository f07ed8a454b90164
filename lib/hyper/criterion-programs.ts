/** The programs of the criterion: its value, its gradient, their contraction with tangents, and metrics. */
import type { Tensor } from "../ir/graph.js";
import type { Type } from "../ir/types.js";
import { sum } from "../ops/broadcast.js";
import { full, literal } from "../ops/constant.js";
import { add, mul } from "../ops/elementwise.js";
import { concat, reshape } from "../ops/shape.js";
import type { Device } from "../runtime/device.js";
import { Executable } from "../runtime/executable.js";
import { traceFlat } from "../trace/trace.js";
import { pullback } from "../transform/derivative.js";
import { simplify } from "../transform/simplify.js";
import type { Problem, StepContext } from "./problem.js";
import { type CompileSwitches, floatLeaves, groups, laned, spec } from "./program-inputs.js";
import type { Chunks } from "./resident.js";

export interface CriterionProgram {
  readonly executable: Executable;
  /** State leaves and raw hyperparameters that the criterion depends on; the program accumulates one gradient each, in this order. */
  readonly stateLeaves: readonly number[];
  readonly hyperLeaves: readonly number[];
}

/**
 * One chunk of the criterion.
 *
 * Inputs: state, raw hyperparameters, those of the chunk, accumulated loss (in place), and with
 * `gradient` the accumulated gradients (in place).
 */
export function criterionProgram(
  device: Device,
  problem: Problem,
  chunks: Chunks,
  gradient: boolean,
  switches: CompileSwitches,
): CriterionProgram {
  const state = problem.stateTypes;
  const hyper = problem.hyperTypes;
  const scalar: Type = { dtype: problem.dtype, shape: [], laned: false };
  const fixed = [
    ...spec("state", state),
    ...spec("hyper", hyper),
    ...chunks.specs,
    { name: "loss", type: scalar },
  ];
  const losses = (xs: readonly Tensor[]) => {
    const [theta, phi, inputs, [total]] = groups(
      xs,
      state.length,
      hyper.length,
      chunks.specs.length,
      1,
    ) as [Tensor[], Tensor[], Tensor[], [Tensor]];
    const { batch, weights } = chunks.examples(inputs);
    const each = problem.criterion(theta, phi, batch, constantContext(), chunks.size);
    const loss = sum(mul(each, weights));
    const wrt = [...floatLeaves(state).map((i) => theta[i] as Tensor), ...phi];
    const grads = gradient ? pullback([loss], [full([], 1, problem.dtype)], wrt) : [];
    return { loss: add(total, loss), grads };
  };
  // A first trace finds what the criterion depends on: only that gets memory for a gradient.
  let flows: boolean[] = [];
  traceFlat(fixed, (xs) => {
    const { loss, grads } = losses(xs);
    flows = grads.map((g) => g !== null);
    return [loss];
  });
  const floats = floatLeaves(state);
  const stateLeaves = floats.filter((_, i) => flows[i]);
  const hyperLeaves = hyper.flatMap((_, i) => (flows[floats.length + i] ? [i] : []));
  const accumulated = [
    ...stateLeaves.map((i) => state[i] as Type),
    ...hyperLeaves.map((i) => hyper[i] as Type),
  ];
  const specs = [...fixed, ...spec("gradient", accumulated)];
  const graph = traceFlat(specs, (xs) => {
    const { loss, grads } = losses(xs);
    const so = xs.slice(fixed.length);
    const present = grads.filter((g): g is Tensor => g !== null);
    return [loss, ...present.map((g, i) => add(so[i] as Tensor, g))];
  });
  const first = fixed.length - 1;
  const executable = Executable.compile(device, simplify(graph), {
    name: gradient ? "criterion gradient" : "criterion",
    donate: new Map(graph.outputs.map((_, i) => [i, first + i])),
    batch: chunks.batch.map((i) => state.length + hyper.length + i),
    ...switches,
  });
  return { executable, stateLeaves, hyperLeaves };
}

/** Outside of training there is no step and no randomness. */
function constantContext(): { step: Tensor; key: Tensor } {
  return {
    step: full([], 0, "int32"),
    key: literal({ data: Int32Array.of(0, 0), shape: [2] }),
  };
}

/**
 * h = Zᵀ ∇ℓ̃ + ∂_φ ℓ̃, lane by lane.
 *
 * Inputs: tangents and seeds that the criterion depends on (laned), their gradients.
 * Output: laned scalar.
 */
export function contractionProgram(
  device: Device,
  problem: Problem,
  criterion: CriterionProgram,
  lanes: number,
  switches: CompileSwitches,
): Executable {
  const types = [
    ...criterion.stateLeaves.map((i) => problem.stateTypes[i] as Type),
    ...criterion.hyperLeaves.map((i) => problem.hyperTypes[i] as Type),
  ];
  const specs = [...spec("direction", types.map(laned)), ...spec("gradient", types)];
  const graph = traceFlat(specs, (xs) => {
    const terms = types.map((_, i) => sum(mul(xs[i] as Tensor, xs[types.length + i] as Tensor)));
    return [terms.reduce((a, b) => add(a, b), full([], 0, problem.dtype))];
  });
  return Executable.compile(device, simplify(graph), {
    name: "hypergradient",
    lanes,
    lanedOutputs: [true],
    ...switches,
  });
}

export type MetricsFunction = (
  state: unknown,
  batch: unknown,
  context: StepContext,
) => readonly Tensor[];

/**
 * Weighted means of per-example metrics over one chunk, e.g. test loss and accuracy.
 *
 * Inputs: state, those of the chunk, accumulated means [metrics] (in place).
 */
export function metricsProgram(
  device: Device,
  problem: Problem,
  chunks: Chunks,
  metrics: MetricsFunction,
  switches: CompileSwitches,
): { executable: Executable; count: number } {
  const scalar: Type = { dtype: problem.dtype, shape: [], laned: false };
  const states = problem.stateTypes.length;
  const fixed = [...spec("state", problem.stateTypes), ...chunks.specs];
  const means = (xs: readonly Tensor[]) => {
    const [theta, inputs] = groups(xs, states, chunks.specs.length) as [Tensor[], Tensor[]];
    const { batch, weights } = chunks.examples(inputs);
    const context = { ...constantContext(), train: false, report: () => {} };
    const state = problem.stateDef.rebuild(theta);
    const values = metrics(state, batch, context);
    return concat(values.map((v) => reshape(sum(mul(v, weights)), [1])));
  };
  let count = 0;
  traceFlat(fixed, (xs) => {
    const value = means(xs);
    count = value.shape[0] as number;
    return [value];
  });
  const specs = [...fixed, { name: "means", type: { ...scalar, shape: [count] } }];
  const graph = traceFlat(specs, (xs) => [add(xs[fixed.length] as Tensor, means(xs))]);
  const executable = Executable.compile(device, simplify(graph), {
    name: "metrics",
    donate: new Map([[0, fixed.length]]),
    batch: chunks.batch.map((i) => states + i),
    ...switches,
  });
  return { executable, count };
}
