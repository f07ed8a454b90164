/** Programs that run block by block: what they compute, and malformed ones. */
import { beforeAll, describe, expect, it } from "vitest";
import { encode } from "../../lib/lower/encode.js";
import type {
  BlockSlot,
  BlocksStep,
  MapStep,
  Program,
  ReduceStep,
} from "../../lib/lower/program.js";
import type { NativeBuffer } from "../../lib/native/addon.js";
import { Job } from "../../lib/native/job.js";
import { loadAddon } from "../../lib/native/load.js";
import { Random } from "./structured_case.js";

const addon = loadAddon();
/** Rows of two numbers, two rows a block, three blocks a part. */
const [ROW, SIZE, BLOCKS, PARTS] = [2, 2, 6, 2] as const;
const ROWS = SIZE * BLOCKS;
const BLOCK_BYTES = 8 * ROW * SIZE;

const slotView = (slot: number, strides: number[]) =>
  ({ ref: { space: "slot", slot, offset: 0 }, dtype: "float64", strides }) as const;
const arenaView = (strides: number[]) =>
  ({ ref: { space: "arena", offset: 0 }, dtype: "float64", strides }) as const;

/** A block: total += Σ over rows, doubled = 2·rows. Slots: total, rows, doubled. */
function block(): Program {
  const sum: ReduceStep = {
    op: "reduce",
    compute: "float64",
    dims: [ROW, SIZE],
    loads: [slotView(1, [1, ROW])],
    code: [],
    kind: "sum",
    reduced: 1,
    outputs: [{ register: 0, view: arenaView([1]) }],
  };
  const add: MapStep = {
    op: "map",
    compute: "float64",
    dims: [ROW],
    loads: [slotView(0, [1]), arenaView([1])],
    code: [{ op: "add", args: [0, 1] }],
    stores: [{ register: 2, view: slotView(0, [1]) }],
  };
  const double: MapStep = {
    op: "map",
    compute: "float64",
    dims: [ROW * SIZE],
    loads: [slotView(1, [1])],
    code: [{ op: "add", args: [0, 0] }],
    stores: [{ register: 1, view: slotView(2, [1]) }],
  };
  return {
    name: "block",
    arenaBytes: 64,
    slots: [
      { name: "total", dtype: "float64", bytes: 8 * ROW },
      { name: "rows", dtype: "float64", bytes: BLOCK_BYTES },
      { name: "doubled", dtype: "float64", bytes: BLOCK_BYTES },
    ],
    steps: [sum, add, double],
  };
}

const slot = (index: number): BlockSlot["ref"] => ({ space: "slot", slot: index, offset: 0 });

function blocks(change: Partial<BlocksStep> = {}): BlocksStep {
  return {
    op: "blocks",
    blocks: BLOCKS,
    parts: PARTS,
    program: block(),
    slots: [
      { ref: slot(0), access: "sum", blockStride: 0, partStride: 8 * ROW },
      { ref: slot(1), access: "read", blockStride: BLOCK_BYTES, partStride: 0 },
      { ref: slot(2), access: "write", blockStride: BLOCK_BYTES, partStride: 0 },
    ],
    ...change,
  };
}

function program(step: BlocksStep): Program {
  return {
    name: "in blocks",
    arenaBytes: 0,
    slots: [
      { name: "totals", dtype: "float64", bytes: 8 * ROW * PARTS },
      { name: "rows", dtype: "float64", bytes: 8 * ROW * ROWS },
      { name: "doubled", dtype: "float64", bytes: 8 * ROW * ROWS },
    ],
    steps: [step],
  };
}

const rows = Float64Array.from({ length: ROW * ROWS }, (_, i) => i + 0.5);

describe.each([1, 2, 3])("a program in blocks on %i threads", (threads) => {
  const device = addon.createCpuDevice({ threads });
  let memory: NativeBuffer[] = [];

  const compile = (code: Float64Array, poison = false) => device.compile(code, { poison });
  const call = () => {
    const job = new Job();
    job.call(
      0,
      [0, 1, 2].map((buffer) => ({ buffer, offset: 0 })),
    );
    return job.encode();
  };
  const run = (step: BlocksStep, poison = false) => {
    device.prepare(call(), [compile(encode(program(step)), poison)], memory).runSync();
    return memory.map((m) => {
      const out = new Float64Array(m.bytes / 8);
      m.read(out, 0);
      return Array.from(out);
    });
  };

  beforeAll(() => {
    memory = program(blocks()).slots.map((s) => device.allocate(s.bytes));
    memory[1]?.write(rows, 0);
    // Sums do not start from what lies there.
    memory[0]?.write(new Float64Array(ROW * PARTS).fill(1000), 0);
  });

  it.each([false, true])("sums the blocks of each part and writes rows (poison: %s)", (poison) => {
    const half = (from: number, column: number) =>
      rows
        .filter((_, i) => i % ROW === column && Math.floor(i / ROW / (ROWS / PARTS)) === from)
        .reduce((a, b) => a + b);
    const [totals, , doubled] = run(blocks(), poison);
    expect(totals).toEqual([half(0, 0), half(0, 1), half(1, 0), half(1, 1)]);
    expect(doubled).toEqual(Array.from(rows, (x) => 2 * x));
  });

  it("deals blocks out as evenly as it can", () => {
    const [sum, read, write] = blocks().slots as [BlockSlot, BlockSlot, BlockSlot];
    const five = blocks({ blocks: 5, slots: [sum, read, write] });
    const column = (count: number, from: number) =>
      Array.from({ length: count * SIZE }, (_, i) => rows[(from * SIZE + i) * ROW] as number);
    const total = (values: number[]) => values.reduce((a, b) => a + b);
    const [totals] = run(five);
    expect([totals?.[0], totals?.[2]]).toEqual([total(column(2, 0)), total(column(3, 2))]);
  });
});

describe("compiling programs in blocks", () => {
  const device = addon.createCpuDevice({ threads: 2 });
  const compile = (step: BlocksStep) => device.compile(encode(program(step)), { poison: false });
  const withSlot = (at: number, change: Partial<BlockSlot>) => {
    const own = blocks();
    return blocks({ slots: own.slots.map((s, i) => (i === at ? { ...s, ...change } : s)) });
  };
  const inner = (change: (p: Program) => Partial<Program>) =>
    blocks({ program: { ...block(), ...change(block()) } });

  it("accepts the one that the others change", () => {
    expect(() => compile(blocks())).not.toThrow();
  });

  it.each<[string, BlocksStep, RegExp]>([
    ["blocks within blocks", inner(() => ({ steps: [blocks()] })), /outermost program only/],
    ["no blocks", blocks({ blocks: 0, parts: 0 }), /number of blocks/],
    ["more blocks than can be counted", blocks({ blocks: 2 ** 31, parts: 1 }), /number of blocks/],
    ["no parts", blocks({ parts: 0 }), /number of parts/],
    ["more parts than blocks", blocks({ parts: BLOCKS + 1 }), /number of parts/],
    ["half a part", blocks({ parts: 1.5 }), /number of parts/],
    ["rows beyond a slot", blocks({ blocks: BLOCKS + 1 }), /within the .* bytes of slot 1/],
    ["sums beyond a slot", blocks({ parts: PARTS + 1 }), /within the .* bytes of slot 0/],
    ["blocks that write the same rows", withSlot(2, { blockStride: 0 }), /shared/],
    ["blocks whose rows overlap", withSlot(2, { blockStride: BLOCK_BYTES - 8 }), /shared/],
    ["parts with the same sum", withSlot(0, { partStride: 0 }), /shared/],
    ["parts whose sums overlap", withSlot(0, { partStride: 8 * ROW - 8 }), /shared/],
    ["a sum for each block", withSlot(0, { blockStride: 8 }), /one sum for all blocks/],
    ["a crooked stride", withSlot(1, { blockStride: 12 }), /multiples of 8/],
    ["a crooked offset", withSlot(1, { ref: { ...slot(1), offset: 4 } }), /multiple of 8/],
    ["a stride backwards", withSlot(1, { blockStride: -BLOCK_BYTES }), /from block to block/],
    ["an unknown access", withSlot(1, { access: "free" as never }), /an access/],
    ["a slot that is not there", withSlot(1, { ref: slot(3) }), /a slot/],
    ["a slot of another dtype", withDtype(), /own dtype/],
    [
      "an arena that is not there",
      withSlot(1, { ref: { space: "arena", offset: 0 } }),
      /the arena/,
    ],
    ["a block's slot too short", inner((p) => ({ slots: shortened(p) })), /slot 0/],
    ["a sum a byte too long", lengthened(), /within the .* bytes of slot 0/],
    ["a block's arena too short", inner(() => ({ arenaBytes: 8 })), /the arena/],
    ["a block's slot that is not there", inner((p) => ({ slots: p.slots.slice(0, 2) })), /a slot/],
  ])("refuses %s", (_, step, message) => {
    expect(() => compile(step)).toThrow(message);
    expect(() => compile(step)).toThrow(/^Expected .* but received /);
  });

  it("refuses a stream cut short anywhere", () => {
    const code = encode(program(blocks()));
    for (let length = 0; length < code.length; length++)
      expect(() => device.compile(code.slice(0, length), { poison: false }), `${length}`).toThrow(
        /Expected/,
      );
  });

  it("refuses numbers left over within the step", () => {
    const code = Array.from(encode(program(blocks())));
    // version, arena bytes, slots (count and two numbers each), one step, its length
    const length = 2 + 1 + 2 * 3 + 1;
    expect(code[length]).toBe(code.length - length - 1);
    code[length] = (code[length] as number) + 1;
    expect(() => device.compile(Float64Array.from([...code, 0]), { poison: false })).toThrow(
      /Expected/,
    );
  });

  it("refuses or runs within bounds whatever the numbers say", () => {
    const random = new Random(7);
    const strange = [-1, 0, 1, 2, 3, 7, 63, 1e6, 2 ** 31, 2 ** 53, 0.5, NaN, Infinity];
    const memory = program(blocks()).slots.map((s) => device.allocate(s.bytes));
    const job = new Job();
    job.call(
      0,
      memory.map((_, buffer) => ({ buffer, offset: 0 })),
    );
    let accepted = 0;
    for (let i = 0; i < 5000; i++) {
      const code = encode(program(blocks()));
      for (let j = random.int(1, 3); j > 0; j--)
        code[random.int(1, code.length - 1)] = strange[random.int(0, strange.length - 1)] as number;
      try {
        device.prepare(job.encode(), [device.compile(code, { poison: false })], memory).runSync();
        accepted++;
      } catch (error) {
        expect((error as Error).message).toMatch(/^Expected .* but received /);
      }
    }
    expect(accepted).toBeGreaterThan(50);
  });
});

function withDtype(): BlocksStep {
  const own = block();
  const slots = own.slots.map((s, i) => (i === 2 ? { ...s, dtype: "float32" as const } : s));
  const [sum, add] = own.steps as [ReduceStep, MapStep];
  return blocks({ program: { ...own, slots, steps: [sum, add] } });
}

const shortened = ({ slots }: Program) => slots.map((s, i) => (i === 0 ? { ...s, bytes: 8 } : s));
/** The last byte, which is no number, would still be set to zero. */
function lengthened(): BlocksStep {
  const own = block();
  const slots = own.slots.map((s, i) => (i === 0 ? { ...s, bytes: s.bytes + 1 } : s));
  const [sum, ...others] = blocks().slots as [BlockSlot, ...BlockSlot[]];
  const last = { ...slot(0), offset: 8 * ROW * (PARTS - 1) };
  return blocks({
    parts: 1,
    program: { ...own, slots },
    slots: [{ ...sum, ref: last }, ...others],
  });
}
