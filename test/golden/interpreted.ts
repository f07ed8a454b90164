/** Forward-mode hypergradients by the reference interpreter alone: float64, plain TypeScript, no addon. */
import { Problem } from "../../lib/hyper/problem.js";
import type { HostArray, Tensor } from "../../lib/index.js";
import { ops } from "../../lib/index.js";
import type { Type } from "../../lib/ir/types.js";
import { sizeOf } from "../../lib/ir/types.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import type { GoldenData } from "./problem.js";

export interface Interpreted {
  /** Training states after each step, leaf by leaf. */
  readonly states: Float64Array[][];
  readonly trainLoss: number[];
  readonly validationLoss: number[];
  /** [steps][hyperparameters] */
  readonly hypergradients: number[][];
  /** Tangents of the final state: leaf by leaf, lanes first. */
  readonly tangents: Float64Array[];
}

type Functions = ConstructorParameters<typeof Problem>[2];

const types = (arrays: readonly HostArray[], laned = false): Type[] =>
  arrays.map(({ data, shape }) => ({
    dtype: data instanceof Int32Array ? "int32" : "float64",
    shape,
    laned,
  }));

const specs = (all: readonly Type[]) => all.map((type, i) => ({ name: `input ${i}`, type }));

export function interpretTraining(
  { state, train, validation, batches }: GoldenData,
  hyper: unknown,
  functions: Functions,
  steps: number,
): Interpreted {
  const problem = new Problem(state, hyper, functions);
  const { stateTypes, hyperTypes } = problem;
  const [p, q] = [stateTypes.length, problem.hyper.size];
  const phi = problem.hyper.initial();
  const raw = problem.hyper.leaves.map(({ offset, size }) => phi.subarray(offset, offset + size));
  const rows = (of: HostArray, index: Int32Array): HostArray => {
    const width = sizeOf(of.shape.slice(1));
    const picked = [...index].flatMap((i) => [...of.data.subarray(i * width, (i + 1) * width)]);
    const data =
      of.data instanceof Int32Array ? Int32Array.from(picked) : Float64Array.from(picked);
    return { data, shape: [index.length, ...of.shape.slice(1)] };
  };
  const batchAt = (t: number) => [rows(train.x, batches.at(t)), rows(train.y, batches.at(t))];
  const context = () => ({ step: ops.full([], 0, "int32"), key: ops.zeros([2], "int32") });
  const laned = (t: Type): Type => ({ ...t, laned: true });

  const step = traceFlat(
    specs([
      ...stateTypes,
      ...hyperTypes,
      ...types(batchAt(0)),
      ...stateTypes.map(laned),
      ...hyperTypes.map(laned),
    ]),
    (xs) => {
      const theta = xs.slice(0, p);
      const hypers = xs.slice(p, p + hyperTypes.length);
      const [x, y] = xs.slice(p + hyperTypes.length) as [Tensor, Tensor];
      const directions = xs.slice(p + hyperTypes.length + 2);
      const next = problem.step(theta, hypers, { x, y }, context());
      const seeds = new Map([...theta, ...hypers].map((v, i) => [v, directions[i] as Tensor]));
      return [next.loss as Tensor, ...next.state, ...(pushforward(next.state, seeds) as Tensor[])];
    },
  );
  const held = [validation.x, validation.y];
  const floating = (_: unknown, i: number) => stateTypes[i]?.dtype === "float64";
  const criterion = traceFlat(specs([...stateTypes, ...hyperTypes, ...types(held)]), (xs) => {
    const theta = xs.slice(0, p);
    const hypers = xs.slice(p, p + hyperTypes.length);
    const [x, y] = xs.slice(p + hyperTypes.length) as [Tensor, Tensor];
    const count = validation.y.data.length;
    const loss = ops.mean(problem.criterion(theta, hypers, { x, y }, context(), count));
    const gradient = pullback([loss], [ops.full([], 1, "float64")], theta.filter(floating));
    return [loss, ...gradient.map((g, i) => g ?? ops.zeros((theta[i] as Tensor).shape, "float64"))];
  });
  const seeds = problem.hyper.leaves.map(({ offset, size }) => {
    const seed = new Float64Array(q * size);
    for (let i = 0; i < size; i++) seed[(offset + i) * size + i] = 1;
    return seed;
  });

  let now = problem.initial.map(({ data }) => Float64Array.from(data));
  let tangents = now.map(({ length }) => new Float64Array(length * q));
  const result: Omit<Interpreted, "tangents"> = {
    ...{ states: [], trainLoss: [], validationLoss: [], hypergradients: [] },
  };
  for (let t = 0; t < steps; t++) {
    const batch = batchAt(t).map(({ data }) => data);
    const [loss, ...rest] = interpret(step, [...now, ...raw, ...batch, ...tangents, ...seeds], q);
    now = rest.slice(0, p) as typeof now;
    tangents = rest.slice(p) as typeof tangents;
    const data = held.map((h) => h.data);
    const [value, ...gradient] = interpret(criterion, [...now, ...raw, ...data]);
    result.states.push(now);
    result.trainLoss.push(loss?.[0] as number);
    result.validationLoss.push(value?.[0] as number);
    result.hypergradients.push(
      Array.from({ length: q }, (_, lane) => contract(tangents, gradient, lane)),
    );
  }
  return { ...result, tangents };
}

/** Zᵀ ∇ℓ̃ for one lane. */
function contract(
  tangents: readonly Float64Array[],
  gradient: readonly Float64Array[],
  lane: number,
): number {
  return gradient.reduce((total, g, leaf) => {
    const z = tangents[leaf]?.subarray(lane * g.length, (lane + 1) * g.length) as Float64Array;
    return g.reduce((sum, v, i) => sum + v * (z[i] as number), total);
  }, 0);
}
