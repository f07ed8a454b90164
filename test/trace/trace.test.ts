import { describe, expect, test } from "vitest";
import type { Tensor } from "../../lib/ir/graph.js";
import { printGraph } from "../../lib/ir/print.js";
import * as ops from "../../lib/ops/index.js";
import { traceFlat } from "../../lib/trace/trace.js";

const spec = (name: string, laned = false) => ({
  name,
  type: { dtype: "float32" as const, shape: [2], laned },
});

describe("a trace", () => {
  test("keeps what the outputs need, every input, and the order of ids", () => {
    const graph = traceFlat([spec("x"), spec("unused")], ([x]) => {
      ops.exp(x as Tensor);
      return [ops.add(ops.neg(x as Tensor), 1)];
    });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "%0: float32[2] = input() {index: 0, name: "x"}
      %1: float32[2] = input() {index: 1, name: "unused"}
      %2: float32[2] = neg(%0)
      %3: float32[2] = full() {value: 1, shape: [2], dtype: "float32"}
      %4: float32[2] = add(%2, %3)
      return %4"
    `);
  });

  test("a value is laned when one of its operands is", () => {
    const graph = traceFlat([spec("x"), spec("t", true)], ([x, t]) => [
      ops.exp(x as Tensor),
      ops.mul(x as Tensor, t as Tensor),
      ops.sum(t as Tensor),
      ops.concat([x as Tensor, t as Tensor]),
    ]);
    expect(graph.outputs.map((y) => y.type.laned)).toEqual([false, true, true, true]);
  });

  test("an inner trace does not disturb the outer one, not even by failing", () => {
    const graph = traceFlat([spec("x")], ([x]) => {
      expect(() =>
        traceFlat([spec("y")], () => {
          throw new Error("inside");
        }),
      ).toThrow("inside");
      return [ops.add(x as Tensor, ops.ones([2]))];
    });
    expect(graph.nodes).toHaveLength(3);
  });

  test("infinities and NaN are printed as what they are", () => {
    const graph = traceFlat([], () => [
      ops.full([], Number.NEGATIVE_INFINITY),
      ops.full([], Number.NaN),
    ]);
    expect(printGraph(graph)).toContain("value: -Infinity");
    expect(printGraph(graph)).toContain("value: NaN");
  });
});
