/** Training steps of small models over a batch, in float64: plain, with tangents, with adjoints. */
import type { Graph, Tensor } from "../../../lib/ir/graph.js";
import type { Shape, Type } from "../../../lib/ir/types.js";
import { sizeOf } from "../../../lib/ir/types.js";
import * as ops from "../../../lib/ops/index.js";
import { traceFlat } from "../../../lib/trace/trace.js";
import { pullback, pushforward } from "../../../lib/transform/derivative.js";
import { Random } from "../../conformance/random.js";

export const EXAMPLES = 6;
export const LANES = 3;
export const CLASSES = 4;
const ROWS = 9;

export interface TrainedModel {
  readonly params: readonly Shape[];
  /** Shape of an example. */
  readonly example: Shape;
  /** Regions of its step by what it carries along. Default 1. */
  readonly regions?: Partial<Readonly<Record<Mode, number>>>;
  /** Losses of examples [EXAMPLES] or one loss for all; labels are int32 [EXAMPLES], `key` is for random numbers. */
  loss(params: readonly Tensor[], x: Tensor, labels: Tensor, key: Tensor): Tensor;
}

export type Mode = "plain" | "tangents" | "adjoints";

export interface TrainingStep {
  readonly graph: Graph;
  readonly batch: readonly number[];
  readonly donate: ReadonlyMap<number, number>;
  readonly lanedOutputs: readonly boolean[];
  readonly values: readonly number[][];
}

const float = (shape: Shape, laned = false): Type => ({ dtype: "float64", shape, laned });
const int = (shape: Shape): Type => ({ dtype: "int32", shape, laned: false });

/**
 * Inputs: parameters, the rate, data, labels, which rows are the batch, a key, laned directions.
 * Outputs: parameters less rate · gradient (in place), losses; with tangents also those of the new
 * parameters (in place); with adjoints those of the old parameters alone (in place).
 */
export function trainingStep(model: TrainedModel, mode: Mode): TrainingStep {
  const count = model.params.length;
  const own = [
    ...model.params.map((s) => float(s)),
    float([]),
    float([ROWS, ...model.example]),
    int([ROWS]),
    int([EXAMPLES]),
    int([2]),
  ];
  const directions = mode === "plain" ? [] : model.params.map((s) => float(s, true));
  const types = [...own, ...directions];
  const graph = traceFlat(
    types.map((type, i) => ({ name: `x${i}`, type })),
    (xs) => {
      const params = xs.slice(0, count);
      const [rate, data, labels, index, key] = xs.slice(count, own.length) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const losses = model.loss(params, ops.gather(data, index), ops.gather(labels, index), key);
      const gradients = pullback([ops.mean(losses)], [ops.full([], 1, "float64")], params);
      const next = params.map((p, i) => ops.sub(p, ops.mul(rate, gradients[i] as Tensor)));
      const lanes = xs.slice(own.length);
      if (mode === "plain") return [...next, losses];
      if (mode === "adjoints") return pullback(next, lanes, params) as Tensor[];
      const seeds = new Map(params.map((p, i) => [p, lanes[i] as Tensor]));
      return [...next, losses, ...(pushforward(next, seeds) as Tensor[])];
    },
  );
  const donate = new Map<number, number>();
  model.params.forEach((_, i) => {
    if (mode !== "adjoints") donate.set(i, i);
    if (mode === "tangents") donate.set(count + 1 + i, own.length + i);
    if (mode === "adjoints") donate.set(i, own.length + i);
  });
  const lanedOutputs = graph.outputs.map((_, i) => types[donate.get(i) ?? -1]?.laned ?? false);
  return { graph, batch: [count + 3], donate, lanedOutputs, values: valuesOf(types) };
}

function valuesOf(types: readonly Type[]): number[][] {
  const random = new Random(11);
  return types.map(({ dtype, shape, laned }) =>
    Array.from({ length: sizeOf(shape) * (laned ? LANES : 1) }, () => {
      if (dtype === "float64") return random.between(-0.7, 0.7);
      // One row twice in the batch; labels within the classes.
      return random.int(0, (shape[0] === EXAMPLES ? ROWS : CLASSES) - 1);
    }),
  );
}
