import { describe, expect, it } from "vitest";
import { type FloatDType, rowMajor } from "../../lib/ir/types.js";
import type { Expression, ReduceStep } from "../../lib/lower/program.js";
import {
  type Data,
  elementAt,
  expectClose,
  expectEqual,
  floats,
  forEachIndex,
  onEveryLevel,
  randomDims,
  randomStrides,
  registersAt,
  view,
} from "./fused_case.js";
import { Random } from "./structured_case.js";

const DTYPES: readonly FloatDType[] = ["float32", "float64"];
const KINDS = ["sum", "max", "min"] as const;
const COMBINE = {
  sum: (a: number, b: number) => a + b,
  max: (a: number, b: number) => (Number.isNaN(a) || a >= b ? a : b),
  min: (a: number, b: number) => (Number.isNaN(a) || a <= b ? a : b),
};
const IDENTITY = { sum: 0, max: -Infinity, min: Infinity };

/**
 * What the outputs hold, and the sum of magnitudes, which bounds the rounding errors of a sum.
 * Sums carry along what rounding took from them (Neumaier), so that they err less than the kernel.
 */
function interpret(step: ReduceStep, operands: readonly Data[]) {
  const kept = step.dims.slice(0, step.dims.length - step.reduced);
  return step.outputs.map((output) => {
    const data = operands[output.view.ref.space === "slot" ? output.view.ref.slot : 0] as Data;
    const want = new Float64Array(data);
    const magnitude = new Float64Array(data.length);
    const lost = new Float64Array(data.length);
    forEachIndex(kept, (index) => {
      want[elementAt(output.view, data, index)] = IDENTITY[step.kind];
    });
    forEachIndex(step.dims, (index) => {
      const value = registersAt(step, operands, index)[output.register] as number;
      const at = elementAt(output.view, data, index);
      const before = want[at] as number;
      const after = COMBINE[step.kind](before, value);
      want[at] = after;
      const [large, small] =
        Math.abs(before) >= Math.abs(value) ? [before, value] : [value, before];
      lost[at] = (lost[at] as number) + (large - after + small);
      magnitude[at] = (magnitude[at] as number) + Math.abs(value);
    });
    const total = step.kind === "sum" ? want.map((w, i) => w + (lost[i] as number)) : want;
    return { want: total, magnitude };
  });
}

// [kept dims, reduced dims, strides of the load over both, its elements]
const SHAPES: [string, number[], number[], number[], number][] = [
  ["rows of 10", [300], [10], [10, 1], 3000],
  ["rows of 100", [70], [100], [100, 1], 7000],
  ["one long row", [], [150_000], [1], 150_000],
  ["a few long rows", [3], [40_001], [40_001, 1], 120_003],
  ["many single elements", [5000], [1], [1, 1], 5000],
  ["a bias gradient", [16], [8, 13, 13], [1, 13 * 13 * 16, 13 * 16, 16], 8 * 13 * 13 * 16],
  ["a bias gradient of many rows", [10], [20_000], [1, 10], 200_000],
  ["columns wider than a tile", [3000], [37], [1, 3000], 111_000],
  ["a bias gradient in each lane", [5, 16], [400], [6400, 1, 16], 32_000],
  ["a middle dimension", [20, 30], [50], [1500, 1, 30], 30_000],
  ["a scalar many times", [7], [123], [0, 0], 1],
  ["transposed", [40, 50], [60], [1, 40, 2000], 120_000],
  ["everything to one, from two", [], [30, 40], [1, 30], 1200],
  ["two columns", [2], [4097], [1, 2], 8194],
  ["groups of channels", [3, 8], [300, 4], [9600, 4, 32, 1], 28_800],
  ["groups of channels in each lane", [2, 3, 4], [50, 6], [3600, 1200, 6, 24, 1], 7200],
  ["groups of very many rows", [2], [20_000, 3], [3, 6, 1], 120_000],
  ["groups of channels, wider than a tile", [2, 300], [9, 7], [18_900, 7, 2100, 1], 37_800],
  ["groups of two dimensions", [2, 5], [40, 3, 2], [1200, 2, 30, 10, 1], 2400],
  ["no reduced dimension", [11, 3], [], [3, 1], 33],
];

describe.each(DTYPES)("a reduction in %s", (dtype) => {
  describe.each(KINDS)("by %s", (kind) => {
    it.each(SHAPES)("reduces %s", (_, kept, reduced, strides, length) => {
      const random = new Random(5);
      const source = floats(
        dtype,
        Array.from({ length }, () => random.next() * 4 - 2),
      );
      const count = kept.reduce((n, d) => n * d, 1);
      // Outputs of two dtypes share the loads; the second lies backwards.
      const first = floats(dtype, new Array(count).fill(9));
      const second = new Float64Array(count).fill(9);
      const dense = rowMajor(kept);
      const step: ReduceStep = {
        op: "reduce",
        kind,
        reduced: reduced.length,
        compute: dtype,
        dims: [...kept, ...reduced],
        loads: [view(0, source, strides)],
        code: [{ op: "mul", args: [0, 0] }],
        outputs: [
          { register: 0, view: view(1, first, dense) },
          {
            register: 1,
            view: view(
              2,
              second,
              dense.map((s) => -s),
              count - 1,
            ),
          },
        ],
      };
      const operands = [source, first, second];
      const expected = interpret(step, operands);
      const unit = dtype === "float32" ? 2 ** -24 : 2 ** -53;
      onEveryLevel(step, operands, (after, simd) => {
        expected.forEach(({ want, magnitude }, i) => {
          const got = after[i + 1] as Data;
          // A tile of 1024 numbers takes ten halvings; a row's tail adds up to 31 in turn.
          const allowed = (_: number, j: number) =>
            kind === "sum" ? 24 * unit * (magnitude[j] as number) : 0;
          expectClose(got, want, allowed, `output ${i} on ${simd}`);
        });
      });
    });

    it("gives the identity of nothing", () => {
      const source = floats(dtype, [1]);
      const out = floats(dtype, [5, 5, 5]);
      const step: ReduceStep = {
        op: "reduce",
        kind,
        reduced: 1,
        compute: dtype,
        dims: [3, 0],
        loads: [view(0, source, [0, 1])],
        code: [],
        outputs: [{ register: 0, view: view(1, out, [1]) }],
      };
      onEveryLevel(step, [source, out], (after, simd) => {
        expectEqual(after[1] as Data, new Array(3).fill(IDENTITY[kind]), simd);
      });
    });

    it.each([
      ["in a short row", 10, 7],
      ["in a long row", 60_000, 33_333],
    ])("lets a NaN through %s", (_, size, at) => {
      const random = new Random(size);
      const source = random.floats(dtype, 2 * size);
      source[size + at] = NaN;
      const out = floats(dtype, [0, 0]);
      const step: ReduceStep = {
        op: "reduce",
        kind,
        reduced: 1,
        compute: dtype,
        dims: [2, size],
        loads: [view(0, source, [size, 1])],
        code: [],
        outputs: [{ register: 0, view: view(1, out, [1]) }],
      };
      onEveryLevel(step, [source, out], (after) => {
        expect((after[1] as Data)[0]).not.toBeNaN();
        expect((after[1] as Data)[1]).toBeNaN();
      });
    });
  });

  it("sums an expression with broadcasts and indices", () => {
    const dims = [12, 9, 50];
    const random = new Random(1);
    const x = random.floats(dtype, 12 * 9 * 50);
    const scale = random.floats(dtype, 9);
    const out = floats(dtype, new Array(12).fill(0));
    const expression: Expression = {
      compute: dtype,
      dims,
      loads: [view(0, x, rowMajor(dims)), view(1, scale, [0, 1, 0])],
      code: [
        { op: "iota", dim: 2 },
        { op: "constant", value: 25 },
        { op: "lt", args: [2, 3] },
        { op: "mul", args: [0, 1] },
        { op: "select", args: [4, 5, 0] },
      ],
    };
    const outputs = [{ register: 6, view: view(2, out, [1]) }];
    const step: ReduceStep = { op: "reduce", kind: "sum", reduced: 2, ...expression, outputs };
    const operands = [x, scale, out];
    const [expected] = interpret(step, operands);
    onEveryLevel(step, operands, (after, simd) => {
      expectClose(
        after[2] as Data,
        expected!.want,
        () => (dtype === "float32" ? 1e-3 : 1e-11),
        simd,
      );
    });
  });

  it("sums through random strides", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const dims = randomDims(random, 8000);
      const reduced = random.int(0, dims.length);
      const kept = dims.slice(0, dims.length - reduced);
      const sources = [0, 1].map(() => randomStrides(random, dims));
      const loads = sources.map(({ length }) => random.floats(dtype, length));
      const count = kept.reduce((n, d) => n * d, 1);
      const out = floats(dtype, new Array(count).fill(0));
      const step: ReduceStep = {
        op: "reduce",
        kind: "sum",
        reduced,
        compute: dtype,
        dims,
        loads: sources.map(({ strides }, i) => view(i, loads[i] as Data, strides)),
        code: [{ op: "mul", args: [0, 1] }],
        outputs: [{ register: 2, view: view(2, out, rowMajor(kept)) }],
      };
      const operands = [...loads, out];
      const [expected] = interpret(step, operands);
      const unit = dtype === "float32" ? 2 ** -24 : 2 ** -53;
      onEveryLevel(step, operands, (after, simd) => {
        const allowed = (_: number, j: number) => 24 * unit * (expected!.magnitude[j] as number);
        expectClose(after[2] as Data, expected!.want, allowed, `${simd}, seed ${seed}`);
      });
    }
  });

  it("keeps a sum of a million small numbers accurate", () => {
    const size = 1_000_000;
    const source = floats(dtype, new Array(size).fill(0.1));
    const out = floats(dtype, [0]);
    const step: ReduceStep = {
      op: "reduce",
      kind: "sum",
      reduced: 1,
      compute: dtype,
      dims: [size],
      loads: [view(0, source, [1])],
      code: [],
      outputs: [{ register: 0, view: view(1, out, []) }],
    };
    const want = size * (source[0] as number);
    onEveryLevel(step, [source, out], (after, simd) => {
      expectClose(after[1] as Data, [want], (w) => w * (dtype === "float32" ? 2e-7 : 1e-14), simd);
    });
  });
});
