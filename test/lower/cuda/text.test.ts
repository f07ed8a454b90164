/** Text of generated kernels. What it computes is held against the reference where it runs. */
import { describe, expect, test } from "vitest";
import { generatedKernel } from "../../../lib/lower/cuda/text/kernel.js";
import { literal } from "../../../lib/lower/cuda/text/scalars.js";
import type { MapStep, ReduceStep, Ref, View } from "../../../lib/lower/program.js";

const arena = (offset: number): Ref => ({ space: "arena", offset });
const slot = (index: number): Ref => ({ space: "slot", slot: index, offset: 0 });
const view = (ref: Ref, strides: readonly number[], dtype: View["dtype"] = "float32"): View => ({
  ref,
  dtype,
  strides,
});

/** relu(x + bias) over `rows` of 16, and where it is positive. */
const relu = (rows: number, x: Ref, bias: Ref, y: Ref, mask: Ref): MapStep => ({
  op: "map",
  compute: "float32",
  dims: [rows, 16],
  loads: [view(x, [16, 1]), view(bias, [0, 1])],
  code: [
    { op: "add", args: [0, 1] },
    { op: "constant", value: 0 },
    { op: "gt", args: [2, 3] },
    { op: "max", args: [2, 3] },
  ],
  stores: [
    { register: 5, view: view(y, [16, 1]) },
    { register: 4, view: view(mask, [16, 1], "bool") },
  ],
});

const sums = (
  dims: readonly [number, number],
  strides: readonly [number, number],
  x: Ref,
  y: Ref,
): ReduceStep => ({
  op: "reduce",
  compute: "float32",
  kind: "sum",
  dims,
  reduced: 1,
  loads: [view(x, strides)],
  code: [],
  outputs: [{ register: 0, view: view(y, [1]) }],
});

describe("kernels", () => {
  test("a small map: an element for each thread", () => {
    const kernel = generatedKernel([relu(20, slot(0), slot(1), slot(2), slot(3))], []);
    expect(kernel).toMatchObject({ blocks: 2, threads: 256 });
    expect(kernel.text).toMatchSnapshot();
  });

  test("a large map of aligned memory: four neighbours for each thread", () => {
    const [x, y, mask] = [arena(0), arena(64_000_000), arena(128_000_000)];
    const kernel = generatedKernel([relu(1_000_000, x, slot(0), y, mask)], []);
    expect(kernel.text).toMatchSnapshot();
  });

  test("a large map of what callers bind moves elements one by one", () => {
    const at = [slot(0), slot(1), slot(2), slot(3)] as const;
    const { text } = generatedKernel([relu(1_000_000, ...at)], []);
    expect(text).not.toContain("float4");
  });

  test("sums of rows and of columns", () => {
    const rows = generatedKernel([sums([100, 700], [700, 1], arena(0), arena(64))], []);
    const columns = generatedKernel([sums([64, 700], [1, 64], arena(0), arena(64))], []);
    expect(rows.text).toMatchSnapshot();
    expect(columns.text).toMatchSnapshot();
  });

  test("a chain: one block, with a barrier between waves", () => {
    const first = relu(20, slot(0), slot(1), arena(0), arena(4096));
    const second = sums([20, 16], [16, 1], arena(0), arena(8192));
    const kernel = generatedKernel([], [[first], [second]]);
    expect(kernel).toMatchObject({ blocks: 1, threads: 1024 });
    expect(kernel.text).toMatchSnapshot();
  });

  test("steps with the same text are one body, which finds its pointers by its block", () => {
    const at = (n: number) => [slot(n), slot(n + 1), slot(n + 2), slot(n + 3)] as const;
    const kernel = generatedKernel(
      [relu(20, ...at(0)), relu(30, ...at(4)), relu(20, ...at(8))],
      [],
    );
    expect(kernel.text.match(/NAME_\d\(void/g)?.length).toBe(2);
    expect(kernel.blocks).toBe(6);
    expect(kernel.args).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7].map(slot));
    expect(kernel.text).toContain("NAME_0(p + 0 + (block) / 2 * 4, (block) % 2, scratch)");
  });

  test("where another operand lies makes no other text", () => {
    const one = generatedKernel([relu(20, slot(0), slot(1), slot(2), slot(3))], []);
    const two = generatedKernel([relu(20, arena(64), slot(1), arena(640), slot(7))], []);
    expect(two.text).toBe(one.text);
    expect(two.args).not.toEqual(one.args);
  });

  test("more elements than 32 bits count are counted in 64", () => {
    const { text } = generatedKernel([sums([3, 2 ** 31], [2 ** 31, 1], slot(0), slot(1))], []);
    expect(text).toContain("for (long long e");
  });
});

describe("numbers", () => {
  test.each([
    [0, "T(0.0)"],
    [-0, "T(-0.0)"],
    [3, "T(3.0)"],
    [0.1, "T(0.1)"],
    [1e21, "T(1e+21)"],
    [-5e-324, "T(-5e-324)"],
    [Number.POSITIVE_INFINITY, "Infinity<T>()"],
    [Number.NEGATIVE_INFINITY, "(-Infinity<T>())"],
    [Number.NaN, "NotANumber<T>()"],
  ])("%d", (value, text) => {
    expect(literal(value)).toBe(text);
  });
});
