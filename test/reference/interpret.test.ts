import { describe, expect, test } from "vitest";
import type { Tensor } from "../../lib/ir/graph.js";
import * as ops from "../../lib/ops/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";

const spec = (shape: number[], laned = false) => ({
  name: "x",
  type: { dtype: "float32" as const, shape, laned },
});
const list = (outputs: Float64Array[]) => outputs.map((o) => Array.from(o));

describe("the reference", () => {
  test("computes in float64, whatever the graph's dtype", () => {
    const graph = traceFlat([spec([1])], ([x]) => [ops.add(x as Tensor, 1e-12)]);
    expect(list(interpret(graph, [[1]]))).toEqual([[1 + 1e-12]]);
  });

  test("runs lane by lane; shared operands serve every lane", () => {
    const graph = traceFlat([spec([2]), spec([2], true)], ([x, t]) => [
      ops.mul(x as Tensor, t as Tensor),
      ops.sum(t as Tensor),
      ops.sum(x as Tensor),
    ]);
    expect(
      list(
        interpret(
          graph,
          [
            [1, 10],
            [1, 2, 3, 4, 5, 6],
          ],
          3,
        ),
      ),
    ).toEqual([[1, 20, 3, 40, 5, 60], [3, 7, 11], [11]]);
  });

  test("convolves without flipping the kernel, by hand", () => {
    const graph = traceFlat([spec([1, 2, 3, 1]), spec([2, 2, 1, 1])], ([x, w]) => [
      ops.conv2d(x as Tensor, w as Tensor),
      ops.conv2d(x as Tensor, w as Tensor, {
        padding: [
          [0, 1],
          [1, 0],
        ],
        stride: 2,
      }),
    ]);
    const outputs = interpret(graph, [
      [1, 2, 3, 4, 5, 6],
      [1, 10, 100, 1000],
    ]);
    expect(list(outputs)).toEqual([
      [1 + 20 + 400 + 5000, 2 + 30 + 500 + 6000],
      [10 + 4000, 2 + 30 + 500 + 6000],
    ]);
  });

  test("pools with padding as zeros in a mean, and not at all in a maximum", () => {
    const graph = traceFlat([spec([1, 1, 2, 1])], ([x]) => [
      ops.avgPool(x as Tensor, {
        window: [1, 2],
        padding: [
          [0, 0],
          [1, 1],
        ],
        stride: 1,
      }),
      ops.maxPool(x as Tensor, {
        window: [1, 2],
        padding: [
          [0, 0],
          [1, 1],
        ],
        stride: 1,
      }),
    ]);
    expect(list(interpret(graph, [[-2, -4]]))).toEqual([
      [-1, -3, -2],
      [-2, -2, -4],
    ]);
  });

  test("refuses values of another size than the input's, by name", () => {
    const graph = traceFlat([spec([2], true)], ([x]) => [x as Tensor]);
    expect(() => interpret(graph, [[1, 2]], 2)).toThrow("4 numbers for input x but received 2");
    expect(() => interpret(graph, [], 2)).toThrow("4 numbers for input x but received 0");
  });
});
