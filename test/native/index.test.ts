import { describe, expect, it } from "vitest";
import type { ArgmaxStep, GatherStep } from "../../lib/lower/program.js";
import { type Data, dtypeOf, expectEqual, onEveryLevel } from "./fused_case.js";
import { Random } from "./structured_case.js";

const ref = (slot: number) => ({ space: "slot", slot, offset: 0 }) as const;
const TYPES = [Float32Array, Float64Array, Int32Array, Uint8Array] as const;

function numbers(type: (typeof TYPES)[number], length: number, random: Random): Data {
  const most = type === Uint8Array ? 1 : 100;
  const next = () => random.int(type === Uint8Array ? 0 : -100, most);
  return type.from(Array.from({ length }, next));
}

describe.each(TYPES)("%o", (type) => {
  it.each([
    [300, 10, 1],
    [1, 5000, 1],
    [40, 7, 300],
    [1, 1, 1],
    [0, 3, 2],
  ])("argmax takes the first of the largest: %i × %i × %i", (outer, axis, inner) => {
    const random = new Random(2);
    const x = numbers(type, outer * axis * inner, random);
    const y = new Int32Array(outer * inner).fill(-1);
    const want = y.map((_, i) => {
      const at = (j: number) =>
        x[Math.floor(i / inner) * axis * inner + j * inner + (i % inner)] as number;
      let best = 0;
      for (let j = 1; j < axis; j++) if (at(j) > at(best)) best = j;
      return best;
    });
    const step: ArgmaxStep = {
      op: "argmax",
      dtype: dtypeOf(x),
      outer,
      axis,
      inner,
      x: ref(0),
      y: ref(1),
    };
    onEveryLevel(step, [x, y], (after, simd) => expectEqual(after[1] as Data, want, simd));
  });

  it.each([
    { count: 200, rows: 50, rowSize: 784, lanes: 1 },
    { count: 300, rows: 90, rowSize: 1, lanes: 1 },
    { count: 9, rows: 4, rowSize: 17, lanes: 6 },
    { count: 5, rows: 3, rowSize: 3000, lanes: 2 },
    { count: 20_000, rows: 10, rowSize: 12, lanes: 1 },
    { count: 0, rows: 10, rowSize: 12, lanes: 1 },
  ])("gathers and adds rows: $count of $rows, $rowSize long, $lanes lanes", (sizes) => {
    const { count, rows, rowSize, lanes } = sizes;
    const random = new Random(8);
    // Some indices lie outside.
    const index = Int32Array.from({ length: count }, () => random.int(-1, rows));
    const inside = (i: number) => (index[i] as number) >= 0 && (index[i] as number) < rows;

    const table = numbers(type, lanes * rows * rowSize, random);
    const gathered = numbers(type, lanes * count * rowSize, random);
    const want = gathered.slice();
    for (let at = 0; at < want.length; at++) {
      const lane = Math.floor(at / (count * rowSize));
      const i = Math.floor(at / rowSize) % count;
      const from = (lane * rows + (index[i] as number)) * rowSize + (at % rowSize);
      want[at] = inside(i) ? (table[from] as number) : 0;
    }
    const shared = { dtype: dtypeOf(table), ...sizes, index: ref(0) };
    const gather: GatherStep = {
      op: "gather",
      ...shared,
      table: { ref: ref(1), laneStride: rows * rowSize },
      out: { ref: ref(2), laneStride: count * rowSize },
    };
    onEveryLevel(gather, [index, table, gathered], (after, simd) => {
      expectEqual(after[2] as Data, want, simd);
    });

    if (type === Uint8Array) return;
    const sums = table.slice().fill(0);
    for (let at = 0; at < gathered.length; at++) {
      const lane = Math.floor(at / (count * rowSize));
      const i = Math.floor(at / rowSize) % count;
      const to = (lane * rows + (index[i] as number)) * rowSize + (at % rowSize);
      if (inside(i)) sums[to] = (sums[to] as number) + (gathered[at] as number);
    }
    const scatter: GatherStep = {
      op: "scatterAdd",
      ...shared,
      table: { ref: ref(1), laneStride: count * rowSize },
      out: { ref: ref(2), laneStride: rows * rowSize },
    };
    onEveryLevel(scatter, [index, gathered, table], (after, simd) => {
      expectEqual(after[2] as Data, sums, simd);
    });
  });
});

it("refuses to add booleans", () => {
  const step: GatherStep = {
    op: "scatterAdd",
    dtype: "bool",
    count: 1,
    rows: 1,
    rowSize: 1,
    lanes: 1,
    index: ref(0),
    table: { ref: ref(1), laneStride: 0 },
    out: { ref: ref(2), laneStride: 0 },
  };
  const operands = [new Int32Array(1), new Uint8Array(1), new Uint8Array(1)];
  expect(() => onEveryLevel(step, operands, () => {})).toThrow(/Expected numbers to add/);
});
