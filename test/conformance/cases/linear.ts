/** Matrix products, convolutions and pooling. */
import fc from "fast-check";
import type { Tensor } from "../../../lib/ir/graph.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../../../lib/ops/conv.js";
import * as ops from "../../../lib/ops/index.js";
import {
  avgPoolGradPrimitive,
  avgPoolPrimitive,
  maxPoolGradPrimitive,
  maxPoolPrimitive,
  maxPoolTangentPrimitive,
  type PoolAttrs,
} from "../../../lib/ops/pool.js";
import { type Case, SUMMED, type Values } from "../case.js";
import { broadcastable, instances } from "../shapes.js";
import { constant, distinct, real, tied } from "../values.js";

const size = (max: number) => fc.integer({ min: 1, max });
const pair = (low: number, high: number) =>
  fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }));

const products: Case = {
  name: "matmul over broadcast leading axes, with both transposes",
  covers: ["matmul"],
  differentiable: true,
  tolerance: SUMMED,
  instances: instances(
    fc.record({
      m: size(7),
      n: size(7),
      k: size(7),
      batch: broadcastable(2),
      transA: fc.boolean(),
      transB: fc.boolean(),
    }),
    ({ m, n, k, batch: [a = [], b = []], transA, transB }) => ({
      args: [
        { shape: [...a, ...(transA ? [k, m] : [m, k])], values: real() },
        { shape: [...b, ...(transB ? [n, k] : [k, n])], values: real() },
      ],
      apply: ([x, y]) => ops.matmul(x as Tensor, y as Tensor, { transA, transB }),
    }),
  ),
};

const vectors: Case = {
  name: "matmul with vectors",
  covers: ["matmul"],
  differentiable: true,
  tolerance: SUMMED,
  instances: instances(
    fc.record({ m: size(40), k: size(40), left: fc.boolean(), right: fc.boolean() }),
    ({ m, k, left, right }) => ({
      args: [
        { shape: left ? [k] : [m, k], values: real() },
        { shape: right ? [k] : [k, 3], values: real() },
      ],
      apply: ([x, y]) => ops.matmul(x as Tensor, y as Tensor),
    }),
  ),
};

/** An input, a kernel and a way to move that fit together. */
const convolution = fc
  .record({
    n: size(3),
    c: fc.constantFrom(1, 2, 3, 5, 16),
    o: fc.constantFrom(1, 2, 3, 9, 16),
    kernel: pair(1, 4),
    extra: pair(0, 5),
    stride: pair(1, 3),
    padding: fc.tuple(pair(0, 2), pair(0, 2)),
  })
  .map(({ n, c, o, kernel, extra, stride, padding }) => {
    const side = (d: 0 | 1) => Math.max(1, kernel[d] + extra[d] - padding[d][0] - padding[d][1]);
    const input = [n, side(0), side(1), c] as const;
    const out = (d: 0 | 1) =>
      Math.floor(
        ((input[d + 1] as number) + padding[d][0] + padding[d][1] - kernel[d]) / stride[d],
      ) + 1;
    return {
      x: [...input],
      w: [...kernel, c, o],
      y: [n, out(0), out(1), o],
      attrs: { stride, padding },
      size: [side(0), side(1)] as const,
      kernel,
    };
  });

const convolutions: readonly Case[] = [
  {
    name: "conv2d with stride and padding",
    covers: ["conv2d", "conv2dInputGrad", "conv2dFilterGrad"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(convolution, ({ x, w, attrs }) => ({
      args: [
        { shape: x, values: real(-1, 1) },
        { shape: w, values: real(-1, 1) },
      ],
      apply: (xs) => conv2dPrimitive(xs, attrs),
    })),
  },
  {
    name: 'conv2d with padding "same"',
    covers: ["conv2d"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(
      fc.record({ side: pair(1, 7), kernel: pair(1, 4), stride: size(2), c: size(3) }),
      ({ side, kernel, stride, c }) => ({
        args: [
          { shape: [2, ...side, c], values: real(-1, 1) },
          { shape: [...kernel, c, 2], values: real(-1, 1) },
        ],
        apply: ([x, w]) => ops.conv2d(x as Tensor, w as Tensor, { stride, padding: "same" }),
      }),
    ),
  },
  {
    name: "conv2dInputGrad",
    covers: ["conv2dInputGrad"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(convolution, ({ y, w, attrs, size: s }) => ({
      args: [
        { shape: y, values: real(-1, 1) },
        { shape: w, values: real(-1, 1) },
      ],
      apply: (xs) => conv2dInputGradPrimitive(xs, { ...attrs, size: s }),
    })),
  },
  {
    name: "conv2dFilterGrad",
    covers: ["conv2dFilterGrad"],
    differentiable: true,
    tolerance: SUMMED,
    instances: instances(convolution, ({ x, y, attrs, kernel }) => ({
      args: [
        { shape: x, values: real(-1, 1) },
        { shape: y, values: real(-1, 1) },
      ],
      apply: (xs) => conv2dFilterGradPrimitive(xs, { ...attrs, kernel }),
    })),
  },
];

/** Windows that overlap, touch or leave gaps; padding is always less than the window, so none lies in padding alone. */
const pooling = fc
  .record({
    n: size(3),
    c: fc.constantFrom(1, 3, 8, 17),
    window: pair(1, 3),
    extra: pair(0, 5),
    stride: pair(1, 3),
    padding: fc.tuple(pair(0, 2), pair(0, 2)),
  })
  .map(({ n, c, window, extra, stride, padding }) => {
    const sides = ([0, 1] as const).map((d) => {
      const pad = padding[d].map((p) => Math.min(p, window[d] - 1)) as [number, number];
      const length = window[d] + extra[d];
      const out = Math.floor((length + pad[0] + pad[1] - window[d]) / stride[d]) + 1;
      return { pad, length, out };
    });
    const [v, h] = sides as [(typeof sides)[0], (typeof sides)[0]];
    const attrs: PoolAttrs = { window, stride, padding: [v.pad, h.pad] };
    return {
      x: [n, v.length, h.length, c],
      y: [n, v.out, h.out, c],
      attrs,
      size: [v.length, h.length] as const,
    };
  });

type Drawn = typeof pooling extends fc.Arbitrary<infer T> ? T : never;

function pool(
  name: string,
  covers: readonly string[],
  args: (drawn: Drawn) => readonly (readonly [number[], Values])[],
  apply: (xs: readonly Tensor[], drawn: Drawn) => Tensor,
): Case {
  return {
    name,
    covers,
    differentiable: name !== "maxPool with ties",
    tolerance: SUMMED,
    instances: instances(pooling, (drawn) => ({
      args: args(drawn).map(([shape, values]) => ({ shape, values })),
      apply: (xs) => apply(xs, drawn),
    })),
  };
}

const pools: readonly Case[] = [
  pool(
    "avgPool",
    ["avgPool", "avgPoolGrad"],
    ({ x }) => [[x, real()]],
    (xs, { attrs }) => avgPoolPrimitive(xs, attrs),
  ),
  pool(
    "avgPoolGrad",
    ["avgPoolGrad"],
    ({ y }) => [[y, real()]],
    (xs, { attrs, size: s }) => avgPoolGradPrimitive(xs, { ...attrs, size: s }),
  ),
  pool(
    "maxPool",
    ["maxPool", "maxPoolGrad", "maxPoolTangent"],
    ({ x }) => [[x, distinct()]],
    (xs, { attrs }) => maxPoolPrimitive(xs, attrs),
  ),
  pool(
    "maxPool with ties",
    ["maxPool"],
    ({ x }) => [[x, tied]],
    (xs, { attrs }) => maxPoolPrimitive(xs, attrs),
  ),
  pool(
    "maxPoolTangent with ties",
    ["maxPoolTangent"],
    ({ x }) => [
      [x, real()],
      [x, tied],
    ],
    (xs, { attrs }) => maxPoolTangentPrimitive(xs, attrs),
  ),
  pool(
    "maxPoolGrad",
    ["maxPoolGrad"],
    ({ x, y }) => [
      [y, real()],
      [x, constant(distinct())],
    ],
    (xs, { attrs }) => maxPoolGradPrimitive(xs, attrs),
  ),
  pool(
    "maxPoolGrad with ties",
    ["maxPoolGrad"],
    ({ x, y }) => [
      [y, real()],
      [x, tied],
    ],
    (xs, { attrs }) => maxPoolGradPrimitive(xs, attrs),
  ),
];

export const linearCases: readonly Case[] = [products, vectors, ...convolutions, ...pools];
