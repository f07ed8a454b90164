/** TF32 only where it was asked for, and never in float64. */
import { describe, expect, test } from "vitest";
import type { Graph, Tensor } from "../../lib/ir/graph.js";
import type { FloatDType, Shape } from "../../lib/ir/types.js";
import { sizeOf } from "../../lib/ir/types.js";
import * as ops from "../../lib/ops/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import type { Precision } from "../../lib/runtime/device.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { runOn } from "../conformance/backends.js";
import { Random } from "../conformance/random.js";
import { openCuda } from "./device.js";

const products: [string, readonly Shape[], (...xs: Tensor[]) => Tensor][] = [
  // Large enough that they go to cuBLAS, and to the convolution's kernels for TF32.
  [
    "matmul",
    [
      [300, 256],
      [256, 260],
    ],
    (x, y) => ops.matmul(x, y),
  ],
  [
    "conv2d",
    [
      [2, 9, 9, 16],
      [3, 3, 16, 16],
    ],
    (x, w) => ops.conv2d(x, w),
  ],
];

/** The greatest error relative to the greatest value of the reference. */
function errorOf(
  shapes: readonly Shape[],
  body: (...xs: Tensor[]) => Tensor,
  dtype: FloatDType,
  precision: Precision,
): number {
  const specs = shapes.map((shape, i) => ({ name: `x${i}`, type: { dtype, shape, laned: false } }));
  const graph: Graph = traceFlat(specs, (xs) => [body(...xs)]);
  const random = new Random(7);
  const values = shapes.map((shape) =>
    Array.from({ length: sizeOf(shape) }, () => Math.fround(random.between(-1, 1))),
  );
  const [want] = interpret(graph, values) as [Float64Array];
  const device = openCuda({ precision });
  const [got] = runOn(device, graph, values, { lanes: 1 }) as [ArrayLike<number>];
  device.dispose();
  const size = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return want.reduce((most, v, i) => Math.max(most, Math.abs(v - (got[i] as number))), 0) / size;
}

describe.each(products)("%s", (_, shapes, body) => {
  test("float32 is multiplied in full unless told otherwise", () => {
    expect(errorOf(shapes, body, "float32", "float32")).toBeLessThan(2e-6);
  });

  test("tf32 rounds factors to 10 bits of mantissa, and no more", () => {
    const error = errorOf(shapes, body, "float32", "tf32");
    expect(error).toBeGreaterThan(1e-5);
    // Half a unit in the tenth bit is 5e-4 for each factor; sums of many average out.
    expect(error).toBeLessThan(1e-3);
  });

  test("float64 is float64 whatever was asked for", () => {
    expect(errorOf(shapes, body, "float64", "tf32")).toBeLessThan(1e-14);
  });
});
