/** Primitives that move elements, constants, rows by index, and random numbers. */
import fc from "fast-check";
import type { Tensor } from "../../../lib/ir/graph.js";
import { sizeOf } from "../../../lib/ir/types.js";
import { alias } from "../../../lib/ops/constant.js";
import * as ops from "../../../lib/ops/index.js";
import { type Case, EXACT, ROUNDED, SUMMED, type Tolerance } from "../case.js";
import { anyShape, broadcastable, instances, shape, shapeAndAxis } from "../shapes.js";
import { bool, constant, real, whole } from "../values.js";

/** Derivatives of moves are moves; where they overlap, sums of a few. */
const MOVED = ROUNDED;
const big = whole(-(2 ** 31), 2 ** 31 - 1);
const dtypes = fc.constantFrom(real(), big, bool);

const sliced = shape(0, 4, 7).chain((s) =>
  fc
    .tuple(
      ...s.map((d) =>
        fc.tuple(fc.nat({ max: d }), fc.nat({ max: d }), fc.integer({ min: 1, max: 3 })),
      ),
    )
    .map((drawn) => {
      const ranges = drawn.map(([a, b, step]) => [Math.min(a, b), Math.max(a, b), step] as const);
      return {
        shape: s,
        start: ranges.map(([a]) => a),
        limit: ranges.map(([, b]) => b),
        step: ranges.map(([, , v]) => v),
      };
    }),
);

const padded = shape(0, 4, 4).chain((s) => {
  const counts = fc.array(fc.nat({ max: 2 }), { minLength: s.length, maxLength: s.length });
  return fc.record({ shape: fc.constant(s), low: counts, high: counts, interior: counts });
});

const transposed = shape(0, 5, 4).chain((s) =>
  fc
    .shuffledSubarray(
      s.map((_, i) => i),
      { minLength: s.length },
    )
    .map((perm) => ({ shape: s, perm })),
);

/** Another shape with as many elements. */
const reshaped = fc
  .tuple(shape(0, 4, 6), shape(0, 3, 3))
  .map(([a, b]) => ({ from: [...a, ...b], to: [...b, sizeOf(a)].reverse() }));

const KEY = whole(-(2 ** 31), 2 ** 31 - 1);
const BOX_MULLER: Tolerance = {
  float32: 2e-5,
  float64: 1e-13,
  why: "a logarithm, a root and a cosine of up to 2π in a row",
};

function random(
  name: string,
  tolerance: Tolerance,
  f: (key: Tensor, s: number[], dtype: "float32" | "float64") => Tensor,
): Case {
  return {
    name,
    covers: ["randomUniform"],
    differentiable: false,
    tolerance,
    instances: instances(anyShape, (s) => ({
      args: [{ shape: [2], values: KEY }],
      apply: ([key], dtype) => f(key as Tensor, s, dtype),
    })),
  };
}

export const shapeCases: readonly Case[] = [
  {
    name: "reshape",
    covers: ["reshape"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(fc.tuple(reshaped, dtypes), ([{ from, to }, values]) => ({
      args: [{ shape: from, values }],
      apply: ([x]) => ops.reshape(x as Tensor, to),
    })),
  },
  {
    name: "reshape of a transpose, used elementwise",
    covers: ["reshape", "transpose"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(shape(2, 3), (s) => ({
      args: [
        { shape: s, values: real() },
        { shape: [sizeOf(s)], values: real() },
      ],
      apply: ([x, y]) => ops.mul(ops.reshape(ops.transpose(x as Tensor), [sizeOf(s)]), y as Tensor),
    })),
  },
  {
    name: "transpose",
    covers: ["transpose"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(fc.tuple(transposed, dtypes), ([{ shape: s, perm }, values]) => ({
      args: [{ shape: s, values }],
      apply: ([x]) => ops.transpose(x as Tensor, perm),
    })),
  },
  {
    name: "broadcast",
    covers: ["broadcast"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(fc.tuple(broadcastable(1), shape(0, 2)), ([[s = []], lead]) => ({
      args: [{ shape: s, values: real() }],
      apply: ([x]) => ops.broadcastTo(x as Tensor, [...lead, ...s.map((d) => (d === 1 ? 3 : d))]),
    })),
  },
  {
    name: "slice with steps, also to nothing",
    covers: ["slice"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(fc.tuple(sliced, dtypes), ([{ shape: s, ...range }, values]) => ({
      args: [{ shape: s, values }],
      apply: ([x]) => ops.slice(x as Tensor, range),
    })),
  },
  {
    name: "a slice of a slice, then transposed",
    covers: ["slice", "transpose"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(
      fc.record({
        n: fc.integer({ min: 4, max: 20 }),
        a: fc.nat({ max: 2 }),
        b: fc.nat({ max: 1 }),
      }),
      ({ n, a, b }) => ({
        args: [{ shape: [n, 3], values: real() }],
        apply: ([x]) => {
          const every2nd = ops.slice(x as Tensor, { start: [a, 0], step: [2, 1] });
          return ops.transpose(
            ops.slice(every2nd, { start: [b % (every2nd.shape[0] as number), 1] }),
          );
        },
      }),
    ),
  },
  {
    name: "pad with zeros around and between",
    covers: ["pad"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(fc.tuple(padded, dtypes), ([{ shape: s, ...counts }, values]) => ({
      args: [{ shape: s, values }],
      apply: ([x]) => ops.pad(x as Tensor, counts),
    })),
  },
  {
    name: "concat",
    covers: ["concat"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(
      fc.tuple(shapeAndAxis, fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 4 }), dtypes),
      ([{ shape: s, axis }, sizes, values]) => ({
        args: sizes.map((size) => ({
          shape: s.map((d, i) => (i === axis ? size : d)),
          values,
        })),
        apply: (xs) => ops.concat(xs, axis),
      }),
    ),
  },
  {
    name: "full, literal and alias",
    covers: ["full", "literal", "alias"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(shape(1, 2), (s) => ({
      args: [{ shape: s, values: real() }],
      apply: ([x], dtype) => {
        const numbers = Array.from({ length: sizeOf(s) }, (_, i) => i / 8);
        const data = dtype === "float32" ? Float32Array.from(numbers) : Float64Array.from(numbers);
        const scaled = ops.mul(alias(x as Tensor), ops.literal({ data, shape: s }));
        return ops.concat([scaled, ops.full(s, 0.1, dtype)]);
      },
    })),
  },
  {
    name: "iota",
    covers: ["iota"],
    differentiable: false,
    tolerance: EXACT,
    instances: instances(
      fc.record({
        size: fc.integer({ min: 0, max: 300 }),
        dtype: fc.constantFrom("int32" as const, "float64" as const, "float32" as const),
      }),
      ({ size, dtype }) => ({ args: [], apply: () => ops.iota(size, dtype) }),
    ),
  },
  {
    name: "iota seen through slice, transpose and broadcast",
    covers: ["iota", "slice", "transpose", "broadcast"],
    differentiable: false,
    tolerance: EXACT,
    instances: instances(fc.tuple(fc.integer({ min: 1, max: 9 }), shape(1, 1)), ([n, [m = 1]]) => ({
      args: [{ shape: [n, m], values: whole(-9, 9) }],
      apply: ([x]) => {
        const odd = ops.slice(ops.iota(2 * n + 1), { start: [1], step: [2] });
        return ops.add(x as Tensor, ops.transpose(ops.broadcastTo(odd, [m, n])));
      },
    })),
  },
  {
    name: "gather, with indices outside of the table",
    covers: ["gather"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(fc.tuple(shape(1, 3), shape(0, 2), dtypes), ([table, index, values]) => ({
      args: [
        { shape: table, values },
        { shape: index, values: whole(-1, table[0] as number) },
      ],
      apply: ([x, at]) => ops.gather(x as Tensor, at as Tensor),
    })),
  },
  {
    name: "scatterAdd, with repeated indices and some outside",
    covers: ["scatterAdd"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(
      fc.tuple(shape(1, 2), shape(0, 2), fc.integer({ min: 1, max: 4 })),
      ([index, inner, rows]) => ({
        args: [
          { shape: [...index, ...inner], values: real() },
          { shape: index, values: whole(-1, rows) },
        ],
        apply: ([x, at]) => ops.scatterAdd(x as Tensor, at as Tensor, rows),
      }),
    ),
  },
  random("uniform", EXACT, (key, s, dtype) => ops.uniform(key, s, { dtype })),
  random("two sites of uniform", EXACT, (key, s, dtype) =>
    ops.concat(
      [ops.uniform(key, s, { dtype }), ops.uniform(key, s, { dtype })].map((x) =>
        ops.reshape(x, [-1]),
      ),
    ),
  ),
  random("normal", BOX_MULLER, (key, s, dtype) => ops.normal(key, s, { dtype })),
  random("bernoulli", EXACT, (key, s, dtype) => ops.bernoulli(key, 0.25, s, { dtype })),
  {
    name: "dropout by a random mask",
    covers: ["randomUniform", "mul"],
    differentiable: true,
    tolerance: MOVED,
    instances: instances(anyShape, (s) => ({
      args: [
        { shape: s, values: real() },
        { shape: [2], values: constant(KEY) },
      ],
      apply: ([x, key], dtype) =>
        ops.mul(x as Tensor, ops.bernoulli(key as Tensor, 0.5, s, { dtype })),
    })),
  },
];
