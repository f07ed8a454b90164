/** Sums of products, which kernels may add to each other in place, for every choice of laned operands and every order. */
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import { lower } from "../../lib/lower/lower.js";
import * as ops from "../../lib/ops/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { simplify } from "../../lib/transform/simplify.js";
import { cpu } from "../conformance/backends.js";
import { expectClose } from "../conformance/compare.js";
import { valuesFor } from "./random-program.js";

const LANES = 2;
/** Sums of two or three dozen products in float64. */
const TOLERANCE = 1e-13;

type Sum = (p: Tensor, q: Tensor, r: Tensor) => Tensor;
const sums: Record<string, Sum> = {
  "p + q": (p, q) => ops.add(p, q),
  "q + p": (p, q) => ops.add(q, p),
  "(p + q) + r": (p, q, r) => ops.add(ops.add(p, q), r),
  "r + (q + p)": (p, q, r) => ops.add(r, ops.add(q, p)),
  "p + p": (p) => ops.add(p, p),
  "(p + q) · p": (p, q) => ops.mul(ops.add(p, q), p),
};

const kinds: Record<
  string,
  { shapes: readonly Shape[]; product: (x: Tensor, y: Tensor) => Tensor }
> = {
  matmul: {
    shapes: [
      [3, 4],
      [4, 2],
    ],
    product: (x, y) => ops.matmul(x, y),
  },
  conv2d: {
    shapes: [
      [2, 3, 3, 2],
      [2, 2, 2, 3],
    ],
    product: (x, y) => ops.conv2d(x, y),
  },
};

function trace(kind: string, sum: Sum, laned: readonly boolean[]) {
  const { shapes, product } = kinds[kind] as (typeof kinds)[string];
  const inputs = laned.map((l, i) => ({
    name: `x${i}`,
    type: { dtype: "float64" as const, shape: shapes[i % 2] as Shape, laned: l },
  }));
  return traceFlat(inputs, ([a, b, c, d, e, f]) => {
    const [p, q, r] = [
      [a, b],
      [c, d],
      [e, f],
    ].map(([x, y]) => product(x as Tensor, y as Tensor)) as [Tensor, Tensor, Tensor];
    return [sum(p, q, r)];
  });
}

const masks = Array.from({ length: 64 }, (_, m) =>
  Array.from({ length: 6 }, (__, i) => ((m >> i) & 1) === 1),
);

describe.each(Object.keys(kinds))("sums of %s", (kind) => {
  test.each(Object.entries(sums))("%s", (_, sum) => {
    for (const laned of masks) {
      const graph = trace(kind, sum, laned);
      const values = valuesFor(graph, 5, LANES);
      const options = {
        lanes: LANES,
        poison: true,
        lanedOutputs: graph.outputs.map((y) => y.type.laned),
      };
      const label = `laned ${laned.map(Number)}`;
      expectClose(cpu()(graph, values, options), interpret(graph, values, LANES), TOLERANCE, label);
    }
  });

  test("three products in a row need three kernels: the sums happen on the way", () => {
    const graph = simplify(trace(kind, sums["(p + q) + r"] as Sum, new Array(6).fill(false)));
    expect(lower(graph, { name: "sum" }).program.steps.map((s) => s.op)).toEqual([
      kind,
      kind,
      kind,
    ]);
  });
});
