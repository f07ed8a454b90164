/** Ties, kinks and zeros: one convention, for the reference, for the CPU and for every derivative. */
import { describe, expect, test } from "vitest";
import type { Graph, Tensor } from "../../lib/ir/graph.js";
import type { Shape } from "../../lib/ir/types.js";
import { leakyRelu } from "../../lib/nn/index.js";
import * as ops from "../../lib/ops/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import { cpu, simdLevels } from "./backends.js";

type Body = (...xs: Tensor[]) => Tensor;

/** Outputs: the value, its gradient by every input with cotangent 1, its tangent with tangents 1. */
function graphOf(body: Body, shapes: readonly Shape[], dtype: "float32" | "float64"): Graph {
  const specs = shapes.map((shape, i) => ({ name: `x${i}`, type: { dtype, shape, laned: false } }));
  return traceFlat(specs, (xs) => {
    const y = body(...xs);
    const one = (x: Tensor) => ops.full(x.shape, 1, x.dtype);
    const zero = (x: Tensor) => ops.full(x.shape, 0, x.dtype);
    const gradients = pullback([y], [one(y)], xs).map((g, i) => g ?? zero(xs[i] as Tensor));
    const [tangent] = pushforward([y], new Map(xs.map((x) => [x, one(x)])));
    return [y, ...gradients, tangent ?? zero(y)];
  });
}

/** Checks value, gradients and tangent on the reference and on every SIMD level in both dtypes. */
function expectConvention(
  body: Body,
  inputs: readonly number[][],
  expected: readonly (readonly number[])[],
  shapes: readonly Shape[] = inputs.map((x) => [x.length]),
): void {
  const list = (outputs: readonly ArrayLike<number>[]) =>
    outputs.map((o) => Array.from(o, (v) => v + 0));
  expect(list(interpret(graphOf(body, shapes, "float64"), inputs)), "reference").toEqual(expected);
  for (const dtype of ["float32", "float64"] as const)
    for (const simd of simdLevels) {
      const graph = graphOf(body, shapes, dtype);
      const got = cpu(simd)(graph, inputs, { lanes: 1 });
      const single = expected.map((e) => e.map(dtype === "float32" ? Math.fround : (v) => v));
      expect(list(got), `${simd} ${dtype}`).toEqual(single);
    }
}

describe("at ties, kinks and zeros", () => {
  test("|x| has slope 0 at 0", () => {
    expectConvention(
      ops.abs,
      [[-2, 0, 3]],
      [
        [2, 0, 3],
        [-1, 0, 1],
        [-1, 0, 1],
      ],
    );
  });

  test("sign is 0 at 0, and flat everywhere", () => {
    expectConvention(
      ops.sign,
      [[-2, 0, 3]],
      [
        [-1, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
  });

  test("floor is flat, also at its jumps", () => {
    expectConvention(
      ops.floor,
      [[-1.5, -1, 2]],
      [
        [-2, -1, 2],
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
  });

  test("√ has tangent and gradient 0 at 0", () => {
    expectConvention(
      ops.sqrt,
      [[0, 4]],
      [
        [0, 2],
        [0, 0.25],
        [0, 0.25],
      ],
    );
  });

  test("second derivatives of √ at 0 are 0, in every order of modes", () => {
    const gradient = (x: Tensor) =>
      pullback([ops.sqrt(x)], [ops.full(x.shape, 1, x.dtype)], [x])[0] as Tensor;
    const tangent = (x: Tensor) =>
      pushforward([ops.sqrt(x)], new Map([[x, ops.full(x.shape, 1, x.dtype)]]))[0] as Tensor;
    for (const first of [gradient, tangent])
      expectConvention(
        first,
        [[0, 4]],
        [
          [0, 0.25],
          [0, -0.03125],
          [0, -0.03125],
        ],
      );
  });

  test("max of two takes the first operand on a tie", () => {
    expectConvention(
      ops.maximum,
      [
        [1, 2, 3],
        [1, 3, 2],
      ],
      [
        [1, 3, 3],
        [1, 0, 1],
        [0, 1, 0],
        [1, 1, 1],
      ],
    );
  });

  test("min of two takes the first operand on a tie", () => {
    expectConvention(
      ops.minimum,
      [
        [1, 2, 3],
        [1, 3, 2],
      ],
      [
        [1, 2, 2],
        [1, 1, 0],
        [0, 0, 1],
        [1, 1, 1],
      ],
    );
  });

  test("max along an axis takes the first maximum", () => {
    expectConvention((x) => ops.max(x), [[1, 3, 3, 2]], [[3], [0, 1, 0, 0], [1]]);
  });

  test("min along an axis takes the first minimum", () => {
    expectConvention((x) => ops.min(x), [[4, 1, 3, 1]], [[1], [0, 1, 0, 0], [1]]);
  });

  test("max pooling takes the first maximum of a window, in row-major order", () => {
    expectConvention(
      (x) => ops.maxPool(x),
      [[0, 5, 5, 5]],
      [[5], [0, 1, 0, 0], [1]],
      [[1, 2, 2, 1]],
    );
  });

  test("padding never wins in max pooling, even against negative numbers", () => {
    expectConvention(
      (x) => ops.maxPool(x, { window: 2, padding: 1, stride: 3 }),
      [[-7]],
      [[-7], [1], [1]],
      [[1, 1, 1, 1]],
    );
  });

  test("leaky ReLU has slope 1 at 0", () => {
    const act = leakyRelu(0.25);
    const context = { train: true, key: undefined as unknown as Tensor };
    expectConvention(
      (x) => act.apply({}, x, context),
      [[-4, 0, 4]],
      [
        [-1, 0, 4],
        [0.25, 1, 1],
        [0.25, 1, 1],
      ],
    );
  });

  test("x⁰ is 1 at 0 and flat; x¹ and x² have their slopes there", () => {
    expectConvention(
      (x) => ops.pow(x, 0),
      [[0, 2]],
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    );
    expectConvention(
      (x) => ops.pow(x, 1),
      [[0, 2]],
      [
        [0, 2],
        [1, 1],
        [1, 1],
      ],
    );
    expectConvention(
      (x) => ops.pow(x, 2),
      [[0, 2]],
      [
        [0, 4],
        [0, 4],
        [0, 4],
      ],
    );
  });

  test("x^y has derivative 0 by y where x is not positive", () => {
    expectConvention(
      (y) => ops.pow(ops.full(y.shape, 0, y.dtype), y),
      [[1, 2]],
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
    );
    expectConvention(
      (y) => ops.pow(ops.full(y.shape, -2, y.dtype), y),
      [[1, 2]],
      [
        [-2, 4],
        [0, 0],
        [0, 0],
      ],
    );
  });

  test("softplus has slope ½ at 0 in exact arithmetic; the kinks of its parts give 1", () => {
    expectConvention((x) => ops.sub(ops.softplus(x), Math.LN2), [[0]], [[0], [1], [1]]);
  });
});

describe("NaN and infinities", () => {
  const value = (body: Body, inputs: readonly number[][], shapes?: readonly Shape[]) => {
    const specs = (dtype: "float32" | "float64") =>
      inputs.map((x, i) => ({
        name: `x${i}`,
        type: { dtype, shape: shapes?.[i] ?? [x.length], laned: false },
      }));
    const graph = (dtype: "float32" | "float64") => traceFlat(specs(dtype), (xs) => [body(...xs)]);
    return [
      interpret(graph("float64"), inputs),
      ...(["float32", "float64"] as const).flatMap((dtype) =>
        simdLevels.map((simd) => cpu(simd)(graph(dtype), inputs, { lanes: 1 })),
      ),
    ].map(([y]) => Array.from(y as Float64Array));
  };
  const all = (
    body: Body,
    inputs: readonly number[][],
    expected: number[],
    shapes?: readonly Shape[],
  ) => {
    for (const got of value(body, inputs, shapes)) expect(got).toEqual(expected);
  };
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

  test("max and min are NaN if either operand is", () => {
    all(
      ops.maximum,
      [
        [nan, 1, 2],
        [1, nan, 3],
      ],
      [nan, nan, 3],
    );
    all(
      ops.minimum,
      [
        [nan, 1, 2],
        [1, nan, 3],
      ],
      [nan, nan, 2],
    );
  });

  test("a maximum along an axis is NaN wherever the NaN stands", () => {
    for (const at of [0, 5, 16, 37, 63]) {
      const row = Array.from({ length: 64 }, (_, i) => (i === at ? nan : i));
      all((x) => ops.max(x), [row], [nan]);
      all((x) => ops.max(x, { axes: [0] }), [row.flatMap((v) => [v, 1])], [nan, 1], [[64, 2]]);
    }
  });

  test("argmax finds the first NaN", () => {
    all((x) => ops.argmax(x), [[1, nan, 3, nan]], [1]);
    all((x) => ops.argmax(x), [[nan, 1, 3]], [0]);
  });

  test("a maximum of a window is NaN if one of its numbers is", () => {
    all((x) => ops.maxPool(x), [[1, nan, 2, 3]], [nan], [[1, 2, 2, 1]]);
  });

  test("the maximum of −∞ alone is −∞", () => {
    all((x) => ops.max(x), [[-inf, -inf]], [-inf]);
    all((x) => ops.maxPool(x), [[-inf, -inf, -inf, -inf]], [-inf], [[1, 2, 2, 1]]);
  });

  test("logistic, tanh and exp have their limits at the infinities, and no NaN", () => {
    const ends = [-inf, -1000, 1000, inf];
    all(ops.logistic, [ends], [0, 0, 1, 1]);
    all(ops.tanh, [ends], [-1, -1, 1, 1]);
    all(ops.exp, [ends], [0, 0, inf, inf]);
  });

  test("comparisons with NaN are false but for ≠", () => {
    all((x) => ops.cast(ops.lt(x, 1), "int32"), [[nan]], [0]);
    all((x) => ops.cast(ops.ge(x, 1), "int32"), [[nan]], [0]);
    all((x) => ops.cast(ops.eq(x, x), "int32"), [[nan]], [0]);
    all((x) => ops.cast(ops.ne(x, x), "int32"), [[nan]], [1]);
  });

  test("log-softmax and cross-entropy of huge logits are finite", () => {
    all((x) => ops.logSoftmax(x), [[1e4, 0]], [0, -1e4], [[1, 2]]);
  });

  test("select takes no NaN from the branch that is not taken", () => {
    all((x) => ops.where(ops.gt(x, 0), ops.log(x), 0), [[-1, 1]], [0, 0]);
  });

  test("infinite constants stay apart, also where kernels are merged", () => {
    const body = (x: Tensor) =>
      ops.concat([
        ops.where(ops.gt(x, 0), x, -inf),
        ops.where(ops.gt(x, 0), x, inf),
        ops.where(ops.gt(x, 0), x, nan),
      ]);
    all(body, [[-1, 1]], [-inf, 1, inf, 1, nan, 1]);
  });
});
