/** State updated in place: outputs that take over the memory of inputs. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../lib/ir/graph.js";
import type { DType } from "../../lib/ir/types.js";
import { lower } from "../../lib/lower/lower.js";
import * as ops from "../../lib/ops/index.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { simplify } from "../../lib/transform/simplify.js";
import { cpu } from "../conformance/backends.js";

type Body = (...xs: Tensor[]) => Tensor[];

const trace = (count: number, body: Body, dtype: DType = "float32", laned = false) =>
  traceFlat(
    Array.from({ length: count }, (_, i) => ({
      name: `x${i}`,
      type: { dtype, shape: [3], laned },
    })),
    (xs) => body(...xs),
  );

const inPlace = (...pairs: [number, number][]) => new Map(pairs);

function run(body: Body, inputs: number[][], donate: Map<number, number>): number[][] {
  const graph = trace(inputs.length, body);
  return cpu()(graph, inputs, { lanes: 1, donate, poison: true }).map((y) => Array.from(y));
}

/** Kernels of the lowered program. */
function calls(body: Body, count: number, donate: Map<number, number>): number {
  return lower(simplify(trace(count, body)), { name: "test", donate }).program.steps.length;
}

const [a, b, c] = [
  [1, 2, 3],
  [10, 20, 30],
  [100, 200, 300],
];

describe("outputs in the memory of inputs", () => {
  test("an elementwise update needs one kernel and no copy", () => {
    const update: Body = (x, g) => [ops.sub(x as Tensor, ops.mul(g as Tensor, 0.5))];
    expect(run(update, [a, b], inPlace([0, 0]))).toEqual([[-4, -8, -12]]);
    expect(calls(update, 2, inPlace([0, 0]))).toBe(1);
  });

  test("two values change places", () => {
    expect(run((x, y) => [y as Tensor, x as Tensor], [a, b], inPlace([0, 0], [1, 1]))).toEqual([
      b,
      a,
    ]);
  });

  test("three values go round", () => {
    const round: Body = (x, y, z) => [y as Tensor, z as Tensor, x as Tensor];
    expect(run(round, [a, b, c], inPlace([0, 0], [1, 1], [2, 2]))).toEqual([b, c, a]);
  });

  test("a value that stays costs nothing", () => {
    expect(run((x) => [x as Tensor], [a], inPlace([0, 0]))).toEqual([a]);
    expect(calls((x) => [x as Tensor], 1, inPlace([0, 0]))).toBe(0);
  });

  test("one value goes into two places", () => {
    const twice: Body = (x, y) => {
      const sum = ops.add(x as Tensor, y as Tensor);
      return [sum, sum];
    };
    expect(run(twice, [a, b], inPlace([0, 0], [1, 1]))).toEqual([
      [11, 22, 33],
      [11, 22, 33],
    ]);
  });

  test("each new value reads the other's old one", () => {
    const cross: Body = (x, y) => [
      ops.add(x as Tensor, y as Tensor),
      ops.sub(x as Tensor, y as Tensor),
    ];
    expect(run(cross, [a, b], inPlace([0, 0], [1, 1]))).toEqual([
      [11, 22, 33],
      [-9, -18, -27],
    ]);
  });

  test("an old value is still read after its successor is known", () => {
    const late: Body = (x) => {
      const next = ops.exp(ops.mul(x as Tensor, 0));
      return [next, ops.mul(ops.sum(next), x as Tensor)];
    };
    expect(run(late, [a], inPlace([0, 0]))).toEqual([
      [1, 1, 1],
      [3, 6, 9],
    ]);
  });

  test("a reversed view of an old value is not overwritten while it is read", () => {
    const back: Body = (x) => {
      const v = x as Tensor;
      const parts = [2, 1, 0].map((i) => ops.slice(v, { start: [i], limit: [i + 1] }));
      return [ops.concat(parts)];
    };
    expect(run(back, [a], inPlace([0, 0]))).toEqual([[3, 2, 1]]);
  });

  test("a shifted view of an old value is not overwritten while it is read", () => {
    const shift: Body = (x) => {
      const v = x as Tensor;
      return [ops.add(ops.pad(ops.slice(v, { limit: [2] }), { low: [1] }), v)];
    };
    expect(run(shift, [a], inPlace([0, 0]))).toEqual([[1, 3, 5]]);
  });

  test("a large array is transposed or turned round in its own memory", () => {
    const n = 300;
    const square = Array.from({ length: n * n }, (_, i) => i);
    const graph = traceFlat(
      [{ name: "x", type: { dtype: "float32", shape: [n, n], laned: false } }],
      ([x]) => [ops.add(ops.transpose(x as Tensor), 1)],
    );
    const [y] = cpu()(graph, [square], { lanes: 1, donate: inPlace([0, 0]) });
    const want = square.map((i) => (i % n) * n + Math.floor(i / n) + 1);
    expect(Array.from(y as Float32Array)).toEqual(want);
  });

  test("a reduced value may be stretched into the place of what it was reduced from", () => {
    const normal: Body = (x) => [ops.div(x as Tensor, ops.sum(x as Tensor, { keepDims: true }))];
    expect(run(normal, [[1, 1, 2]], inPlace([0, 0]))).toEqual([[0.25, 0.25, 0.5]]);
  });

  test("a constant fills an input's memory", () => {
    const constant: Body = (x) => [ops.full((x as Tensor).shape, 7)];
    expect(run(constant, [a], inPlace([0, 0]))).toEqual([[7, 7, 7]]);
  });

  test("a value that is the same in all lanes fills each lane of a laned input", () => {
    const graph = trace(1, (x) => [ops.add(ops.mul(x as Tensor, 0), 5)], "float32", true);
    const options = { lanes: 2, donate: inPlace([0, 0]), lanedOutputs: [true], poison: true };
    const [y] = cpu()(graph, [[...a, ...b]], options);
    expect(Array.from(y as Float32Array)).toEqual([5, 5, 5, 5, 5, 5]);
  });

  test("an output of another dtype, size or lanes is refused, with both types", () => {
    const refuse = (body: Body, parts: string[]) => {
      try {
        calls(body, 1, inPlace([0, 0]));
      } catch (error) {
        for (const part of ["output 0 of test", ...parts])
          expect((error as Error).message).toContain(part);
        return (error as { code: string }).code;
      }
      return "accepted";
    };
    expect(refuse((x) => [ops.sum(x as Tensor)], ["float32[3]", "float32[]"])).toBe(
      "GLOCAL_BAD_OPTION",
    );
    expect(refuse((x) => [ops.cast(x as Tensor, "int32")], ["int32[3]"])).toBe("GLOCAL_BAD_OPTION");
  });
});
