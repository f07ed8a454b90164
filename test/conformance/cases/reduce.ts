/** Reductions over every set of axes, normalisations, and what is made of them. */
import fc from "fast-check";
import type { Tensor } from "../../../lib/ir/graph.js";
import * as ops from "../../../lib/ops/index.js";
import { groupNormalize } from "../../../lib/ops/normalize.js";
import { type Case, EXACT, SUMMED, type Tolerance, type Values } from "../case.js";
import { instances, shape, shapeAndAxes, shapeAndAxis } from "../shapes.js";
import { constant, distinct, real, tied, whole } from "../values.js";

type Reduce = (x: Tensor, options: ops.ReduceOptions) => Tensor;

const NORMALIZED: Tolerance = {
  float32: 3e-5,
  float64: 1e-13,
  why: "sums, exponentials and quotients in a row, and differences of nearly equal terms in their derivatives",
};

function reduction(
  name: string,
  covers: string,
  f: Reduce,
  values: Values,
  tolerance: Tolerance,
): Case {
  return {
    name,
    covers: [covers],
    differentiable: values.variable,
    tolerance,
    instances: instances(
      fc.tuple(shapeAndAxes, fc.boolean(), fc.boolean()),
      ([{ shape, axes }, keepDims, fromEnd]) => ({
        args: [{ shape, values }],
        apply: ([x]) =>
          f(x as Tensor, {
            axes: fromEnd ? axes.map((a) => a - shape.length) : axes,
            keepDims,
          }),
      }),
    ),
  };
}

/** Long rows and columns: several tasks, tiles and tails. */
function long(name: string, covers: string, f: Reduce, tolerance: Tolerance): Case {
  return {
    name,
    covers: [covers],
    differentiable: false,
    tolerance,
    instances: instances(
      fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3000 }), fc.boolean()),
      ([few, many, columns]) => ({
        args: [{ shape: columns ? [many, few] : [few, many], values: constant(real(-1, 1)) }],
        apply: ([x]) => f(x as Tensor, { axes: [columns ? 0 : 1] }),
      }),
    ),
  };
}

function alongAxis(
  name: string,
  covers: readonly string[],
  f: (x: Tensor, axis: number) => Tensor,
  values: Values,
  tolerance: Tolerance,
): Case {
  return {
    name,
    covers,
    differentiable: values.variable,
    tolerance,
    instances: instances(shapeAndAxis, ({ shape: s, axis }) => ({
      args: [{ shape: s, values }],
      apply: ([x]) => f(x as Tensor, axis),
    })),
  };
}

export const reduceCases: readonly Case[] = [
  reduction("sum", "sum", ops.sum, real(), SUMMED),
  reduction("sum of integers beyond 2^24", "sum", ops.sum, whole(-(2 ** 27), 2 ** 27), EXACT),
  reduction("mean", "sum", ops.mean, real(), SUMMED),
  reduction("max", "reduceMax", ops.max, distinct(), SUMMED),
  reduction("min", "reduceMax", ops.min, distinct(), SUMMED),
  reduction("max with ties", "reduceMax", ops.max, tied, EXACT),
  reduction("max of integers", "reduceMax", ops.max, whole(-(2 ** 30), 2 ** 30), EXACT),
  long("sum of long rows and columns", "sum", ops.sum, SUMMED),
  long("max of long rows and columns", "reduceMax", ops.max, EXACT),
  alongAxis("argmax", ["argmax"], ops.argmax, constant(distinct()), EXACT),
  alongAxis("argmax with ties", ["argmax"], ops.argmax, tied, EXACT),
  alongAxis("argmax of integers", ["argmax"], ops.argmax, whole(-2, 2), EXACT),
  alongAxis(
    "logSoftmax",
    ["reduceMax", "exp", "sum", "log"],
    ops.logSoftmax,
    distinct(),
    NORMALIZED,
  ),
  alongAxis("softmax", ["reduceMax", "exp", "sum"], ops.softmax, distinct(), NORMALIZED),
  {
    name: "softmaxCrossEntropy",
    covers: ["reduceMax", "iota", "eq"],
    differentiable: true,
    tolerance: NORMALIZED,
    instances: instances(shape(2, 2, 9), ([n = 1, classes = 1]) => ({
      args: [
        { shape: [n, classes], values: distinct() },
        { shape: [n], values: whole(0, classes - 1) },
      ],
      apply: ([logits, labels]) => ops.softmaxCrossEntropy(logits as Tensor, labels as Tensor),
    })),
  },
  {
    name: "standardize",
    covers: ["sum", "sqrt", "div"],
    differentiable: true,
    tolerance: NORMALIZED,
    instances: instances(shapeAndAxes, ({ shape: s, axes }) => ({
      args: [{ shape: s, values: distinct() }],
      apply: ([x]) => ops.standardize(x as Tensor, { axes, epsilon: 0.1 }),
    })),
  },
  {
    name: "groupNormalize",
    covers: ["sum", "sqrt", "div"],
    differentiable: true,
    tolerance: NORMALIZED,
    instances: instances(
      fc.tuple(shape(1, 3), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      ([lead, groups, size]) => ({
        args: [
          { shape: [...lead, groups * size], values: distinct() },
          { shape: [groups * size], values: real() },
          { shape: [groups * size], values: real() },
        ],
        apply: ([x, scale, shift]) =>
          groupNormalize(x as Tensor, scale as Tensor, shift as Tensor, { groups, epsilon: 0.1 }),
      }),
    ),
  },
  {
    name: "oneHot, with indices outside of its depth",
    covers: ["iota", "eq", "cast"],
    differentiable: false,
    tolerance: EXACT,
    instances: instances(
      fc.tuple(shape(0, 3), fc.integer({ min: 1, max: 6 }), fc.nat({ max: 3 })),
      ([s, depth, axis]) => ({
        args: [{ shape: s, values: whole(-1, depth) }],
        apply: ([index], dtype) =>
          ops.oneHot(index as Tensor, depth, dtype, Math.min(axis, s.length)),
      }),
    ),
  },
];
