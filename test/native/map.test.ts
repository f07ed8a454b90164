import { describe, expect, it } from "vitest";
import { SCALAR_OPS, type ScalarOp } from "../../lib/ir/scalar.js";
import { type FloatDType, rowMajor } from "../../lib/ir/types.js";
import type { Expression, MapStep, View } from "../../lib/lower/program.js";
import {
  type Data,
  elementAt,
  expectClose,
  expectEqual,
  FUNCTIONS,
  floats,
  forEachIndex,
  onEveryLevel,
  randomDims,
  randomStrides,
  registersAt,
  ulp,
  view,
} from "./fused_case.js";
import { Random } from "./structured_case.js";

const DTYPES: readonly FloatDType[] = ["float32", "float64"];

/** How far a result may be from the exact one, in units in the last place. */
const ULPS: Partial<Record<ScalarOp, number>> = {
  exp: 2,
  expm1: 3,
  log: 2,
  log1p: 3,
  sin: 1,
  cos: 1,
  tanh: 3,
  logistic: 3,
  pow: 2,
};

const SPECIAL = [0, -0, 1, -1, 0.5, -0.5, Infinity, -Infinity, NaN, 1e-30, -1e-30, 87, -87, 20, 9];

/** Values that an operation tells apart: signs, sizes, zeros, infinities. */
function samples(op: ScalarOp, random: Random): number[] {
  const values = [...SPECIAL];
  for (let i = 0; i < 3000; i++) values.push((random.next() - 0.5) * 2 ** random.int(-20, 6));
  // Results below the smallest normal number have fewer digits.
  if (op === "logistic" || op === "exp") return values.filter((x) => !(Math.abs(x) > 87));
  return values;
}

describe.each(DTYPES)("a map in %s", (dtype) => {
  it.each(Object.keys(SCALAR_OPS) as ScalarOp[])("computes %s", (op) => {
    const random = new Random(7);
    const arity = SCALAR_OPS[op];
    const base = samples(op, random);
    const columns = Array.from({ length: arity }, (_, j) =>
      floats(
        dtype,
        // Pairs of special values meet each other; some operands tie.
        base.map((x, i) =>
          j === 0 || i % 7 === 3 ? x : (base[(i * (3 + j) + j) % base.length] as number),
        ),
      ),
    );
    const size = base.length;
    const out = floats(dtype, new Array(size).fill(-7));
    const operands = [...columns, out];
    const step: MapStep = {
      op: "map",
      compute: dtype,
      dims: [size],
      loads: columns.map((c, i) => view(i, c, [1])),
      code: [{ op, args: columns.map((_, i) => i) }],
      stores: [{ register: arity, view: view(arity, out, [1]) }],
    };
    const want = Float64Array.from(base, (_, i) =>
      (FUNCTIONS[op] as (...x: number[]) => number)(...columns.map((c) => c[i] as number)),
    );
    const rounded = floats(dtype, want);
    onEveryLevel(step, operands, (after, simd) => {
      const allowed = (w: number) => (ULPS[op] ?? 0.51) * ulp(dtype, w);
      const exactly = ULPS[op] === undefined ? rounded : want;
      const finite = want.map((_, i) =>
        Number.isFinite(rounded[i] as number) ? (exactly[i] as number) : (rounded[i] as number),
      );
      expectClose(after[arity] as Data, finite, allowed, `${op} on ${simd}`);
    });
  });

  it("keeps exponentials of extreme arguments", () => {
    const x = floats(dtype, [-1000, -104, -90, 88.7, 89, 1000, Infinity, -Infinity]);
    const out = floats(dtype, new Array(x.length).fill(0));
    const step: MapStep = {
      op: "map",
      compute: dtype,
      dims: [x.length],
      loads: [view(0, x, [1])],
      code: [{ op: "exp", args: [0] }],
      stores: [{ register: 1, view: view(1, out, [1]) }],
    };
    const want = floats(dtype, Array.from(x, Math.exp));
    onEveryLevel(step, [x, out], (after, simd) => {
      expectClose(after[1] as Data, want, (w) => 3 * ulp(dtype, w), simd);
    });
  });

  // [dims, strides of the load, elements of the load]
  const views: [string, number[], number[], number][] = [
    ["contiguous", [3000], [1], 3000],
    ["a scalar", [50, 60], [0, 0], 1],
    ["a bias", [300, 10], [0, 1], 10],
    ["a bias of a power of two", [300, 16], [0, 1], 16],
    ["a long bias", [3, 5000], [0, 1], 5000],
    ["a row's value", [300, 10], [1, 0], 300],
    ["a long row's value", [3, 5000], [1, 0], 3],
    ["transposed", [70, 90], [1, 70], 6300],
    ["every third", [2000], [3], 6000],
    ["backwards", [2000], [-1], 2000],
    ["a bias in each lane", [4, 100, 16], [16, 0, 1], 64],
    ["a long bias in each lane", [3, 2, 3000], [3000, 0, 1], 9000],
    ["lanes that lie apart", [3, 3000], [4000, 1], 12_000],
    ["a short row's value in each lane", [3, 100, 5], [200, 1, 0], 600],
    ["a short column's value", [1000, 3], [1, 0], 1000],
    ["four dimensions", [5, 7, 11, 13], [1, 0, 5, 55], 715],
    ["a group's statistic", [5, 64, 8, 4], [8, 0, 1, 0], 40],
    ["a group's statistic over few elements", [50, 3, 2, 2], [2, 0, 1, 0], 100],
    ["a group's statistic in each lane", [2, 3, 200, 4, 3], [12, 4, 0, 1, 0], 24],
    ["a group's statistic that lanes share", [2, 3, 200, 4, 3], [0, 4, 0, 1, 0], 12],
    ["blocks whose spans end inside tiles", [7, 35, 37], [74, 0, 2], 518],
    ["the longest block", [9, 1024], [0, 1], 1024],
    ["the longest block, turned", [2, 3, 32, 32], [1024, 0, 1, 32], 2048],
    ["one element", [1, 1], [0, 0], 1],
    ["no dimension", [], [], 1],
    ["several tasks", [200_000], [1], 200_000],
    ["several tasks, repeated", [20_000, 10], [1, 0], 20_000],
    ["nothing", [0, 4], [4, 1], 1],
  ];
  it.each(views)("reads and writes through strides: %s", (_, dims, strides, length) => {
    const random = new Random(11);
    for (const kind of ["float32", "float64", "int32", "bool"] as const) {
      const source: Data =
        kind === "bool"
          ? Uint8Array.from({ length }, () => random.int(0, 1))
          : kind === "int32"
            ? Int32Array.from({ length }, () => random.int(-1000, 1000))
            : random.floats(kind, length);
      const size = dims.reduce((n, d) => n * d, 1);
      const other = random.floats(dtype, Math.max(size, 1));
      const dense = rowMajor(dims);
      const out = random.floats(dtype, Math.max(size, 1));
      // The second output goes where the load came from, in another array.
      const scattered = source.slice();
      const injective = strides.every((s, i) => s !== 0 || dims[i] === 1);
      const start = strides[0] === -1 ? length - 1 : 0;
      const expression: Expression = {
        compute: dtype,
        dims,
        loads: [view(0, source, strides, start), view(1, other, dense)],
        code: [
          { op: "add", args: [0, 1] },
          { op: "abs", args: [0] },
        ],
      };
      const stores: { register: number; view: View }[] = [
        { register: 2, view: view(2, out, dense) },
      ];
      if (injective) stores.push({ register: 3, view: view(3, scattered, strides, start) });
      const operands = [source, other, out, scattered];
      const want = out.slice();
      const wantScattered = scattered.slice();
      forEachIndex(dims, (index) => {
        const registers = registersAt(expression, operands, index);
        want[elementAt(stores[0]!.view, want, index)] = registers[2] as number;
        if (injective) {
          wantScattered[elementAt(stores[1]!.view, scattered, index)] = registers[3] as number;
        }
      });
      onEveryLevel({ op: "map", ...expression, stores }, operands, (after, simd) => {
        expectEqual(after[2] as Data, want, `${simd}, from ${kind}`);
        expectEqual(after[3] as Data, wantScattered, `${simd}, to ${kind}`);
      });
    }
  });

  it("reads through random strides", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const dims = randomDims(random, 8000);
      const size = dims.reduce((n, d) => n * d, 1);
      const sources = [0, 1, 2].map(() => randomStrides(random, dims));
      const operands: Data[] = sources.map(({ length }) => random.floats(dtype, length));
      const out = floats(dtype, new Array(size).fill(0));
      const expression: Expression = {
        compute: dtype,
        dims,
        loads: sources.map(({ strides }, i) => view(i, operands[i] as Data, strides)),
        code: [
          { op: "sub", args: [0, 1] },
          { op: "mul", args: [3, 2] },
        ],
      };
      const stores = [{ register: 4, view: view(3, out, rowMajor(dims)) }];
      const want = out.slice();
      forEachIndex(dims, (index) => {
        want[elementAt(stores[0]!.view, want, index)] = registersAt(
          expression,
          operands,
          index,
        )[4]!;
      });
      onEveryLevel({ op: "map", ...expression, stores }, [...operands, out], (after, simd) => {
        expectEqual(after[3] as Data, want, `${simd}, seed ${seed}`);
      });
    }
  });

  const chained = ["add", "sub", "mul"] as const;
  it.each(chained.flatMap((first) => chained.map((second) => [first, second] as const)))(
    "computes %s and then %s, wherever the operands and the result lie",
    (first, second) => {
      const size = 2500;
      const random = new Random(13);
      const operands = [0, 1, 2, 3].map(() => random.floats(dtype, size));
      for (const args of [
        [3, 2],
        [2, 3],
        [3, 3],
      ])
        for (const target of [0, 1, 2, 3])
          for (const keepsFirst of [false, true]) {
            const expression: Expression = {
              compute: dtype,
              dims: [size],
              loads: [0, 1, 2].map((i) => view(i, operands[i] as Data, [1])),
              code: [
                { op: first, args: [0, 1] },
                { op: second, args },
              ],
            };
            const stores = [{ register: 4, view: view(target, operands[target] as Data, [1]) }];
            const kept = operands[3]!.slice();
            if (keepsFirst) stores.push({ register: 3, view: view(4, kept, [1]) });
            const registers = Array.from({ length: size }, (_, i) =>
              registersAt(expression, operands, [i]),
            );
            const step: MapStep = { op: "map", ...expression, stores };
            onEveryLevel(step, [...operands, kept], (after, simd) => {
              const label = `${simd}, ${args} to ${target}`;
              const at = (register: number) => registers.map((r) => r[register] as number);
              expectEqual(after[target] as Data, at(4), label);
              if (keepsFirst) expectEqual(after[4] as Data, at(3), label);
            });
          }
    },
  );

  it("counts along dimensions", () => {
    const dims = [30, 7, 40];
    const out = floats(dtype, new Array(8400).fill(0));
    const expression: Expression = {
      compute: dtype,
      dims,
      loads: [],
      code: [
        { op: "iota", dim: 0 },
        { op: "iota", dim: 1 },
        { op: "iota", dim: 2 },
        { op: "constant", value: 100 },
        { op: "mul", args: [0, 3] },
        { op: "add", args: [4, 1] },
        { op: "mul", args: [5, 3] },
        { op: "add", args: [6, 2] },
      ],
    };
    const want: number[] = [];
    forEachIndex(dims, ([i, j, k]) => want.push((i! * 100 + j!) * 100 + k!));
    const stores = [{ register: 7, view: view(0, out, rowMajor(dims)) }];
    onEveryLevel({ op: "map", ...expression, stores }, [out], (after) => {
      expect(Array.from(after[0] as Data)).toEqual(want);
    });
  });

  it("updates in place, each output after every read of what it replaces", () => {
    const size = 5000;
    const random = new Random(3);
    const a = random.floats(dtype, size);
    const b = random.floats(dtype, size);
    const c = random.floats(dtype, size);
    // a, b, c = b, a + c, a · b: every store overwrites a load that another instruction reads.
    const step: MapStep = {
      op: "map",
      compute: dtype,
      dims: [size],
      loads: [view(0, a, [1]), view(1, b, [1]), view(2, c, [1])],
      code: [
        { op: "add", args: [0, 2] },
        { op: "mul", args: [0, 1] },
      ],
      stores: [
        { register: 1, view: view(0, a, [1]) },
        { register: 3, view: view(1, b, [1]) },
        { register: 4, view: view(2, c, [1]) },
      ],
    };
    onEveryLevel(step, [a, b, c], (after) => {
      expect(after[0]).toEqual(b);
      expect(after[1]).toEqual(
        floats(
          dtype,
          Array.from(a, (x, i) => x + (c[i] as number)),
        ),
      );
      expect(after[2]).toEqual(
        floats(
          dtype,
          Array.from(a, (x, i) => x * (b[i] as number)),
        ),
      );
    });
  });

  it("agrees with an interpreter on random programs of many instructions", () => {
    const ops = ["add", "sub", "mul", "max", "min", "lt", "select", "neg", "abs"] as const;
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(seed);
      const dims = [random.int(1, 40), random.int(1, 60)];
      const size = dims[0]! * dims[1]!;
      const operands: Data[] = [0, 1, 2].map(() => random.floats(dtype, size));
      const code: Expression["code"][number][] = [{ op: "constant", value: 0.5 }];
      for (let i = 0; i < 30; i++) {
        const op = ops[random.int(0, ops.length - 1)]!;
        const args = Array.from({ length: SCALAR_OPS[op] }, () => random.int(0, 2 + code.length));
        code.push({ op, args });
        // Keeps numbers small.
        code.push({ op: "min", args: [3, 2 + code.length] });
      }
      const dense = rowMajor(dims);
      const loads = operands.map((o, i) => view(i, o, i === 1 ? [0, 1] : i === 2 ? [1, 0] : dense));
      const expression: Expression = { compute: dtype, dims, loads, code };
      const out = floats(dtype, new Array(2 * size).fill(0));
      const last = loads.length + code.length - 1;
      const stores = [
        { register: last, view: view(3, out, dense) },
        { register: last - 7, view: view(3, out, dense, size) },
      ];
      const want = out.slice();
      forEachIndex(dims, (index) => {
        const registers = registersAt(expression, operands, index);
        for (const s of stores) want[elementAt(s.view, want, index)] = registers[s.register]!;
      });
      onEveryLevel({ op: "map", ...expression, stores }, [...operands, out], (after, simd) => {
        expectEqual(after[3] as Data, want, `${simd}, seed ${seed}`);
      });
    }
  });
});
