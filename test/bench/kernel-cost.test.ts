import { expect, test } from "vitest";
import { kernelCost } from "../../bench/kernel-cost.js";
import type { Ref } from "../../lib/lower/program.js";

const ref: Ref = { space: "arena", offset: 0 };
const view = (...strides: number[]) => ({ ref, dtype: "float32" as const, strides });

test("a map's shared operands are moved once", () => {
  const cost = kernelCost({
    op: "map",
    compute: "float32",
    dims: [3, 10],
    loads: [view(10, 1), view(0, 1)],
    code: [{ op: "mul", args: [0, 1] }],
    stores: [{ register: 2, view: view(10, 1) }],
  });
  expect(cost).toMatchObject({ kind: "map", flops: 30, bytes: 4 * (30 + 10 + 30) });
});

test("a reduction writes what it keeps", () => {
  const cost = kernelCost({
    op: "reduce",
    kind: "sum",
    reduced: 1,
    compute: "float32",
    dims: [4, 100],
    loads: [view(100, 1)],
    code: [],
    outputs: [{ register: 0, view: view(1) }],
  });
  expect(cost).toMatchObject({ kind: "reduce", bytes: 4 * (400 + 4) });
});

test("a convolution's lanes share what has no lanes", () => {
  const window = { n: 2, h: 8, w: 8, c: 1, kh: 5, kw: 5, o: 16, oh: 4, ow: 4 };
  const place = { strideH: 1, strideW: 1, padTop: 0, padLeft: 0 };
  const cost = kernelCost({
    op: "conv2d",
    dtype: "float32",
    window: { ...window, ...place },
    lanes: 3,
    accumulate: false,
    a: { ref, laneStride: 0 },
    b: { ref, laneStride: 400 },
    out: { ref, laneStride: 512 },
  });
  expect(cost.flops).toBe(3 * 2 * (2 * 4 * 4 * 16) * 25);
  expect(cost.bytes).toBe(4 * (2 * 64 + 3 * 400 + 3 * 512));
});
