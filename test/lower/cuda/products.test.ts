/** Products as calls of cuBLAS. */
import { describe, expect, test } from "vitest";
import { productLaunches } from "../../../lib/lower/cuda/products.js";
import type { MatmulStep, Ref } from "../../../lib/lower/program.js";

const at = (offset: number): Ref => ({ space: "arena", offset });

/** [2 × 3] · [3 × 4]. */
const product = (
  batch: readonly number[],
  strides: readonly (readonly number[])[],
  more: Partial<MatmulStep> = {},
): MatmulStep => ({
  op: "matmul",
  dtype: "float32",
  ...{ m: 2, n: 4, k: 3, transA: false, transB: false, lda: 3, ldb: 4, ldc: 4 },
  accumulate: false,
  batch,
  a: { ref: at(0), strides: strides[0] ?? [] },
  b: { ref: at(1000), strides: strides[1] ?? [] },
  c: { ref: at(2000), strides: strides[2] ?? [] },
  ...more,
});

describe("products", () => {
  test("alone are one call", () => {
    expect(productLaunches(product([], []), false)).toMatchObject([
      {
        op: "product",
        m: 2,
        n: 4,
        k: 3,
        count: 1,
        tf32: false,
        a: at(0),
        b: at(1000),
        c: at(2000),
      },
    ]);
  });

  test("over dimensions that follow each other in all operands are one call", () => {
    const strides = [
      [30, 6],
      [0, 0],
      [40, 8],
    ];
    expect(productLaunches(product([7, 5], strides), false)).toMatchObject([
      { count: 35, strideA: 6, strideB: 0, strideC: 8 },
    ]);
  });

  test("over others are a call for each of the fewer ones", () => {
    const strides = [
      [6, 0],
      [0, 12],
      [40, 8],
    ];
    const launches = productLaunches(product([2, 5], strides), true);
    expect(launches).toMatchObject([
      {
        count: 5,
        strideA: 0,
        strideB: 12,
        strideC: 8,
        a: at(0),
        b: at(1000),
        c: at(2000),
        tf32: true,
      },
      { count: 5, strideA: 0, strideB: 12, strideC: 8, a: at(24), b: at(1000), c: at(2160) },
    ]);
  });

  test("of nothing are zero, or leave what was there", () => {
    const batch = [3];
    const strides = [[0], [0], [8]];
    expect(productLaunches(product(batch, strides, { k: 0 }), false)).toEqual([
      { op: "zero", at: at(2000), bytes: 2 * 4 * 3 * 4 },
    ]);
    expect(productLaunches(product(batch, strides, { k: 0, accumulate: true }), false)).toEqual([]);
    expect(productLaunches(product([0], strides), false)).toEqual([]);
  });

  test("of float64 are never in TF32", () => {
    expect(productLaunches(product([], [], { dtype: "float64" }), true)).toMatchObject([
      { tf32: false },
    ]);
  });

  test("are refused where cuBLAS could not count their rows", () => {
    expect(() => productLaunches(product([], [], { m: 2 ** 31 }), false)).toThrow(
      /^Expected at most 2147483647 rows, columns or matrices of a product on CUDA/,
    );
  });
});
