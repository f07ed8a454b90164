/** One training step of LeNet with SGD, momentum and weight decay, as a window of `tune` has it, lowered. */
import type { Graph, Tensor } from "../../lib/ir/graph.js";
import { flatten } from "../../lib/ir/tree.js";
import type { Type } from "../../lib/ir/types.js";
import { lower } from "../../lib/lower/lower.js";
import type { Lowered, LowerOptions } from "../../lib/lower/options.js";
import type { Program, Step } from "../../lib/lower/program.js";
import { lenet } from "../../lib/nn/index.js";
import type { Params } from "../../lib/nn/module.js";
import * as ops from "../../lib/ops/index.js";
import { isTensor, traceFlat } from "../../lib/trace/trace.js";
import { pushforward } from "../../lib/transform/derivative.js";
import { tracedValueAndGrad } from "../../lib/transform/grad.js";
import { simplify } from "../../lib/transform/simplify.js";

const BATCH = 128;
const EXAMPLES = 54_000;
const HYPER = 3;

const shapes: readonly (readonly number[])[] = [
  [5, 5, 1, 16],
  [16],
  [5, 5, 16, 16],
  [16],
  [256, 32],
  [32],
  [32, 10],
  [10],
];
const float = (shape: readonly number[], laned = false): Type => ({
  dtype: "float32",
  shape,
  laned,
});
const int = (shape: readonly number[]): Type => ({ dtype: "int32", shape, laned: false });

function model(): { params: Params; paths: readonly string[] } {
  const key = ops.literal({ data: Int32Array.of(0, 0), shape: [2] });
  const params = lenet().init({ key, dtype: "float32" });
  return { params, paths: flatten(params, isTensor)[1].paths };
}

/** The input that says which examples are the batch. */
export const BATCH_INPUT = 2 * shapes.length + HYPER + 2;

/** @param lanes 0 for a step without tangents */
export function lenetStep(lanes: number, options: Partial<LowerOptions> = {}): Lowered {
  const step = lenetGraph(lanes);
  return lower(step.graph, { ...step.options, ...options });
}

/** The step before it is lowered. */
export function lenetGraph(lanes: number): { graph: Graph; options: LowerOptions } {
  const laned = lanes > 0;
  const state = [...shapes, ...shapes].map((s) => float(s));
  const types = [
    ...state,
    ...Array.from({ length: HYPER }, () => float([])),
    float([EXAMPLES, 28, 28, 1]),
    int([EXAMPLES]),
    int([BATCH]),
    ...(laned ? [...shapes, ...shapes].map((s) => float(s, true)) : []),
    ...(laned ? Array.from({ length: HYPER }, () => float([], true)) : []),
  ];
  const graph = traceFlat(
    types.map((type, i) => ({ name: `x${i}`, type })),
    (xs) => {
      const at = (from: number, count: number) => xs.slice(from, from + count);
      const count = shapes.length;
      const [params, momentum] = [at(0, count), at(count, count)];
      const hyper = at(2 * count, HYPER);
      const [images, labels, index] = at(2 * count + HYPER, 3) as [Tensor, Tensor, Tensor];
      const def = flatten(model().params, isTensor)[1];
      const x = ops.gather(images, index);
      const y = ops.gather(labels, index);
      const loss = (p: Params) =>
        ops.mean(ops.softmaxCrossEntropy(lenet().apply(p, x, { train: true, key: index }), y));
      const [value, gradient] = tracedValueAndGrad(loss, [def.rebuild(params)], 0);
      const grads = flatten(gradient, isTensor)[0];
      const [lr, mu, decay] = hyper.map(ops.logistic) as [Tensor, Tensor, Tensor];
      const velocity = momentum.map((v, i) =>
        ops.add(ops.mul(v, mu), ops.add(grads[i] as Tensor, ops.mul(params[i] as Tensor, decay))),
      );
      const moved = params.map((p, i) => ops.sub(p, ops.mul(velocity[i] as Tensor, lr)));
      const next = [...moved, ...velocity];
      if (!laned) return [...next, value];
      const first = 2 * count + HYPER + 3;
      const seeds = new Map([
        ...[...params, ...momentum].map((p, i) => [p, xs[first + i] as Tensor] as const),
        ...hyper.map((h, i) => [h, xs[first + 2 * count + i] as Tensor] as const),
      ]);
      return [...next, value, ...(pushforward(next, seeds) as Tensor[])];
    },
  );
  const count = 2 * shapes.length;
  const donate = new Map(Array.from({ length: count }, (_, i) => [i, i]));
  if (laned) for (let i = 0; i < count; i++) donate.set(count + 1 + i, count + HYPER + 3 + i);
  const options = { name: "LeNet step", lanes: Math.max(1, lanes), donate };
  return { graph: simplify(graph), options };
}

/** One line a kernel: what it does over which dimensions, and how much it reads, computes and writes. */
export function printProgram({ steps }: Program): string {
  return steps.map(printStep).join("\n");
}

export function printStep(step: Step<unknown>): string {
  switch (step.op) {
    case "map":
      return `map [${step.dims}] loads ${step.loads.length} code ${step.code.length} stores ${step.stores.length}`;
    case "reduce":
      return `${step.kind} [${step.dims}] over ${step.reduced} loads ${step.loads.length} code ${step.code.length} outputs ${step.outputs.length}`;
    case "matmul":
      return `matmul ${step.m}×${step.k}×${step.n} batch [${step.batch}]${step.accumulate ? " accumulates" : ""}`;
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad": {
      const { n, h, w, c, kh, kw, o } = step.window;
      return `${step.op} n ${n} ${h}×${w}×${c} kernel ${kh}×${kw}×${o} lanes ${step.lanes}${step.accumulate ? " accumulates" : ""}`;
    }
    case "gather":
    case "scatterAdd":
      return `${step.op} ${step.count} of ${step.rows}×${step.rowSize} lanes ${step.lanes}`;
    case "argmax":
      return `argmax ${step.outer}×${step.axis}×${step.inner}`;
    case "randomUniform":
      return `randomUniform ${step.count}`;
    case "blocks":
      return `blocks ${step.blocks} in ${step.parts} parts, each ${step.program.steps.length} kernels`;
    default: {
      const { n, h, w, c, kh, kw } = step.window;
      return `${step.op} n ${n} ${h}×${w}×${c} window ${kh}×${kw} lanes ${step.lanes}`;
    }
  }
}
