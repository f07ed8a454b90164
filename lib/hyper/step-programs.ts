/** The programs of one inner step: plain, with tangents (forward mode), with adjoints (reverse mode). */
import type { Graph, Tensor } from "../ir/graph.js";
import type { Type } from "../ir/types.js";
import { full } from "../ops/constant.js";
import { add } from "../ops/elementwise.js";
import { gather } from "../ops/index-rows.js";
import type { CompileOptions } from "../runtime/executable.js";
import { type InputSpec, traceFlat } from "../trace/trace.js";
import { pullback, pushforward } from "../transform/derivative.js";
import { simplify } from "../transform/simplify.js";
import type { Problem } from "./problem.js";
import { floatLeaves, groups, laned, spec } from "./program-inputs.js";
import { type Examples, rowsType } from "./resident.js";

const INT_SCALAR: Type = { dtype: "int32", shape: [], laned: false };
const KEY: Type = { dtype: "int32", shape: [2], laned: false };

const zerosLike = (x: Tensor) => full(x.shape, 0, x.dtype);

/** A graph and how it is to be lowered. */
export interface StepGraph {
  readonly graph: Graph;
  readonly options: CompileOptions;
}

/** What every step program begins with: state, raw hyperparameters, training data, index, step, key. */
export class StepInputs {
  readonly specs: readonly InputSpec[];
  /** The inputs with one row for each example: the index. */
  readonly batch: readonly number[];
  private readonly sizes: readonly number[];

  constructor(
    private readonly problem: Problem,
    private readonly train: Examples,
    batchSize: number,
  ) {
    const { stateTypes, hyperTypes } = problem;
    this.specs = [
      ...spec("state", stateTypes),
      ...spec("hyper", hyperTypes),
      ...train.leaves.map((leaf, i) => ({
        name: `data ${train.def.paths[i]}`,
        type: rowsType(leaf, train.count),
      })),
      { name: "index", type: { dtype: "int32", shape: [batchSize], laned: false } },
      { name: "step", type: INT_SCALAR },
      { name: "key", type: KEY },
    ];
    this.batch = [stateTypes.length + hyperTypes.length + train.leaves.length];
    this.sizes = [stateTypes.length, hyperTypes.length, train.leaves.length, 3];
  }

  /** One traced step on the first inputs of a program. */
  step(xs: readonly Tensor[]) {
    const [theta, phi, data, [index, step, key]] = groups(xs, ...this.sizes) as [
      Tensor[],
      Tensor[],
      Tensor[],
      [Tensor, Tensor, Tensor],
    ];
    const batch = this.train.def.rebuild(data.map((d) => gather(d, index)));
    return { theta, phi, next: this.problem.step(theta, phi, batch, { step, key }) };
  }
}

/**
 * One step.
 *
 * Inputs: those of `StepInputs`; the state is updated in place. Output: the reported loss.
 */
export function plainStep(
  problem: Problem,
  inputs: StepInputs,
): StepGraph & { readonly reportsLoss: boolean } {
  let reportsLoss = false;
  const graph = traceFlat(inputs.specs, (xs) => {
    const { next } = inputs.step(xs);
    reportsLoss = next.loss !== undefined;
    return [...next.state, next.loss ?? full([], 0, problem.dtype)];
  });
  const donate = new Map(problem.stateTypes.map((_, i) => [i, i]));
  return {
    graph: simplify(graph),
    options: { name: "step", donate, batch: inputs.batch },
    reportsLoss,
  };
}

/**
 * One step with its tangents: Z ← (∂Θ/∂θ) Z + ∂Θ/∂φ.
 *
 * Inputs: those of `StepInputs`, then laned tangents of the floating state (in place) and laned
 * seeds of the raw hyperparameters. Output: the reported loss.
 */
export function tangentStep(problem: Problem, inputs: StepInputs, lanes: number): StepGraph {
  const { stateTypes, hyperTypes } = problem;
  const floats = floatLeaves(stateTypes);
  const specs = [
    ...inputs.specs,
    ...spec(
      "tangent",
      floats.map((i) => laned(stateTypes[i] as Type)),
    ),
    ...spec("seed", hyperTypes.map(laned)),
  ];
  const graph = traceFlat(specs, (xs) => {
    const { theta, phi, next } = inputs.step(xs);
    const [, tangents, seeds] = groups(
      xs,
      inputs.specs.length,
      floats.length,
      hyperTypes.length,
    ) as [Tensor[], Tensor[], Tensor[]];
    const directions = new Map<Tensor, Tensor>();
    floats.forEach((leaf, i) => {
      directions.set(theta[leaf] as Tensor, tangents[i] as Tensor);
    });
    phi.forEach((raw, i) => {
      directions.set(raw, seeds[i] as Tensor);
    });
    const moved = floats.map((i) => next.state[i] as Tensor);
    const pushed = pushforward(moved, directions);
    return [
      ...next.state,
      next.loss ?? full([], 0, problem.dtype),
      ...pushed.map((t, i) => t ?? zerosLike(moved[i] as Tensor)),
    ];
  });
  const donate = new Map(stateTypes.map((_, i) => [i, i]));
  floats.forEach((_, i) => {
    donate.set(stateTypes.length + 1 + i, inputs.specs.length + i);
  });
  const lanedOutputs = [...stateTypes.map(() => false), false, ...floats.map(() => true)];
  const name = `step with ${lanes} tangents`;
  const { batch } = inputs;
  return { graph: simplify(graph), options: { name, lanes, donate, lanedOutputs, batch } };
}

/**
 * One step backwards: h ← h + (∂Θ/∂φ)ᵀ λ, then λ ← (∂Θ/∂θ)ᵀ λ, at a stored state.
 *
 * Inputs: those of `StepInputs`, then laned adjoints of the floating state and laned
 * hypergradients, both in place. No outputs of its own.
 */
export function adjointStep(problem: Problem, inputs: StepInputs, lanes: number): StepGraph {
  const { stateTypes, hyperTypes } = problem;
  const floats = floatLeaves(stateTypes);
  const specs = [
    ...inputs.specs,
    ...spec(
      "adjoint",
      floats.map((i) => laned(stateTypes[i] as Type)),
    ),
    ...spec("hypergradient", hyperTypes.map(laned)),
  ];
  const graph = traceFlat(specs, (xs) => {
    const { theta, phi, next } = inputs.step(xs);
    const [, adjoints, sums] = groups(
      xs,
      inputs.specs.length,
      floats.length,
      hyperTypes.length,
    ) as [Tensor[], Tensor[], Tensor[]];
    const sources = [...floats.map((i) => theta[i] as Tensor), ...phi];
    const pulled = pullback(
      floats.map((i) => next.state[i] as Tensor),
      adjoints,
      sources,
    );
    const flows = pulled.map((g, i) => g ?? zerosLike(sources[i] as Tensor));
    return [
      ...flows.slice(0, floats.length),
      ...flows.slice(floats.length).map((g, i) => add(sums[i] as Tensor, g)),
    ];
  });
  const own = specs.length - inputs.specs.length;
  const donate = new Map(
    Array.from({ length: own }, (_, i) => [i, inputs.specs.length + i] as const),
  );
  const lanedOutputs = new Array<boolean>(own).fill(true);
  const name = `step with ${lanes} adjoints`;
  const { batch } = inputs;
  return { graph: simplify(graph), options: { name, lanes, donate, lanedOutputs, batch } };
}
