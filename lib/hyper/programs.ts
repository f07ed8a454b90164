/**
 * The programs of a study, traced and compiled once: a step with and without
 * tangents, one chunk of the criterion with and without its gradient, and the
 * contraction of tangents with that gradient.
 */
import type { Tensor } from "../ir/graph.js";
import { isFloat, type Type } from "../ir/types.js";
import { sum } from "../ops/broadcast.js";
import { full, literal } from "../ops/constant.js";
import { add, mul } from "../ops/elementwise.js";
import { gather } from "../ops/index-rows.js";
import { concat, reshape } from "../ops/shape.js";
import type { Device } from "../runtime/device.js";
import { type CompileOptions, Executable } from "../runtime/executable.js";
import { type InputSpec, traceFlat } from "../trace/trace.js";
import { pullback, pushforward } from "../transform/derivative.js";
import { simplify } from "../transform/simplify.js";
import type { Problem, StepContext } from "./problem.js";
import { type Chunks, type Examples, rowsType } from "./resident.js";

/** Switches that tests use to compare; a study leaves them alone. */
export type CompileSwitches = Pick<CompileOptions, "poison" | "merge" | "shareMemory">;

const laned = (type: Type): Type => ({ ...type, laned: true });
const spec = (prefix: string, types: readonly Type[]): InputSpec[] =>
  types.map((type, i) => ({ name: `${prefix} ${i}`, type }));

/** Takes consecutive groups from a list. */
function groups<T>(list: readonly T[], ...sizes: number[]): T[][] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return list.slice(end - size, end);
  });
}

const INT_SCALAR: Type = { dtype: "int32", shape: [], laned: false };
const KEY: Type = { dtype: "int32", shape: [2], laned: false };

/**
 * One step.
 *
 * Inputs: state (updated in place), raw hyperparameters, training data, index [batch], step, key,
 * and with lanes: tangents of the floating state (in place), seeds of the raw hyperparameters.
 * Output: the reported loss.
 */
export function stepProgram(
  device: Device,
  problem: Problem,
  train: Examples,
  batchSize: number,
  lanes: number,
  switches: CompileSwitches,
): { executable: Executable; reportsLoss: boolean } {
  const state = problem.stateTypes;
  const hyper = problem.hyperTypes;
  const floats = floatLeaves(state);
  const specs = [
    ...spec("state", state),
    ...spec("hyper", hyper),
    ...train.leaves.map((leaf, i) => ({
      name: `data ${train.def.paths[i]}`,
      type: rowsType(leaf, train.count),
    })),
    { name: "index", type: { dtype: "int32", shape: [batchSize], laned: false } as Type },
    { name: "step", type: INT_SCALAR },
    { name: "key", type: KEY },
    ...(lanes > 0
      ? [
          ...spec(
            "tangent",
            floats.map((i) => laned(state[i] as Type)),
          ),
          ...spec("seed", hyper.map(laned)),
        ]
      : []),
  ];
  let reportsLoss = false;
  const graph = traceFlat(specs, (xs) => {
    const [theta, phi, data, [index, step, key], tangents, seeds] = groups(
      xs,
      state.length,
      hyper.length,
      train.leaves.length,
      3,
      lanes > 0 ? floats.length : 0,
      lanes > 0 ? hyper.length : 0,
    ) as [Tensor[], Tensor[], Tensor[], [Tensor, Tensor, Tensor], Tensor[], Tensor[]];
    const batch = train.def.rebuild(data.map((d) => gather(d, index)));
    const next = problem.step(theta, phi, batch, { step, key });
    reportsLoss = next.loss !== undefined;
    const loss = next.loss ?? full([], 0, problem.dtype);
    if (lanes === 0) return [...next.state, loss];
    const directions = new Map<Tensor, Tensor>();
    floats.forEach((leaf, i) => {
      directions.set(theta[leaf] as Tensor, tangents[i] as Tensor);
    });
    phi.forEach((raw, i) => {
      directions.set(raw, seeds[i] as Tensor);
    });
    const pushed = pushforward(
      floats.map((i) => next.state[i] as Tensor),
      directions,
    );
    const moved = pushed.map((t, i) => t ?? zerosLike(next.state[floats[i] as number] as Tensor));
    return [...next.state, loss, ...moved];
  });
  const donate = new Map(state.map((_, i) => [i, i]));
  const firstTangent = specs.length - floats.length - hyper.length;
  if (lanes > 0)
    floats.forEach((_, i) => {
      donate.set(state.length + 1 + i, firstTangent + i);
    });
  const lanedOutputs = [...state.map(() => false), false, ...floats.map(() => true)];
  const executable = Executable.compile(device, simplify(graph), {
    name: lanes > 0 ? `step with ${lanes} lanes` : "step",
    lanes: Math.max(1, lanes),
    donate,
    lanedOutputs: lanes > 0 ? lanedOutputs : lanedOutputs.slice(0, state.length + 1),
    ...switches,
  });
  return { executable, reportsLoss };
}

const zerosLike = (x: Tensor) => full(x.shape, 0, x.dtype);

/** Indices of the state's floating leaves: those that have tangents. */
export function floatLeaves(types: readonly Type[]): number[] {
  return types.flatMap((t, i) => (isFloat(t.dtype) ? [i] : []));
}

export interface CriterionProgram {
  readonly executable: Executable;
  /** State leaves and raw hyperparameters that the criterion depends on; the program accumulates one gradient each, in this order. */
  readonly stateLeaves: readonly number[];
  readonly hyperLeaves: readonly number[];
}

/**
 * One chunk of the criterion.
 *
 * Inputs: state, raw hyperparameters, chunk, weights, accumulated loss (in place), and with
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
  const { examples, size } = chunks;
  const scalar: Type = { dtype: problem.dtype, shape: [], laned: false };
  const fixed = [
    ...spec("state", state),
    ...spec("hyper", hyper),
    ...examples.leaves.map((leaf, i) => ({
      name: `data ${examples.def.paths[i]}`,
      type: rowsType(leaf, size),
    })),
    { name: "weights", type: { ...scalar, shape: [size] } },
    { name: "loss", type: scalar },
  ];
  const losses = (xs: readonly Tensor[]) => {
    const [theta, phi, data, [weights, total]] = groups(
      xs,
      state.length,
      hyper.length,
      examples.leaves.length,
      2,
    ) as [Tensor[], Tensor[], Tensor[], [Tensor, Tensor]];
    const context = constantContext();
    const each = problem.criterion(theta, phi, examples.def.rebuild(data), context, size);
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
 * Inputs: state, chunk, weights, accumulated means [metrics] (in place).
 */
export function metricsProgram(
  device: Device,
  problem: Problem,
  chunks: Chunks,
  metrics: MetricsFunction,
  switches: CompileSwitches,
): { executable: Executable; count: number } {
  const { examples, size } = chunks;
  const scalar: Type = { dtype: problem.dtype, shape: [], laned: false };
  const fixed = [
    ...spec("state", problem.stateTypes),
    ...examples.leaves.map((leaf, i) => ({
      name: `data ${examples.def.paths[i]}`,
      type: rowsType(leaf, size),
    })),
    { name: "weights", type: { ...scalar, shape: [size] } },
  ];
  const means = (xs: readonly Tensor[]) => {
    const [theta, data, [weights]] = groups(
      xs,
      problem.stateTypes.length,
      examples.leaves.length,
      1,
    ) as [Tensor[], Tensor[], [Tensor]];
    const context = { ...constantContext(), train: false, report: () => {} };
    const state = problem.stateDef.rebuild(theta);
    const values = metrics(state, examples.def.rebuild(data), context);
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
    ...switches,
  });
  return { executable, count };
}
