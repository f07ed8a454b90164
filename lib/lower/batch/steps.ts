/** The steps of a region: one that runs its blocks, and those that add up what parts have summed. */
import { BYTES, type DType, sizeOf, type Type } from "../../ir/types.js";
import { Buffer, type BufferRef, type BufferStep } from "../buffer.js";
import { ALIGNMENT, type BlockSlot, type Program, type ReduceStep } from "../program.js";
import type { Region } from "./cut.js";
import type { BlockSizes } from "./sizes.js";

/** A region's program over one block. */
export interface RegionProgram {
  readonly region: Region;
  readonly program: Program;
  /** The slot of each result. */
  readonly resultSlots: readonly number[];
  readonly sizes: BlockSizes;
  readonly examples: number;
}

export interface RegionSteps {
  readonly steps: readonly BufferStep[];
  /** Where each result lies. */
  readonly results: readonly BufferRef[];
}

const rowBytes = ({ dtype, shape }: Type) => BYTES[dtype] * sizeOf(shape.slice(1));

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Sums of one dtype lie side by side, so that one kernel adds up those of all parts. */
class Sums {
  private readonly offsets = new Map<number, number>();
  private bytes = 0;
  private partial: Buffer | undefined;
  private total: Buffer | undefined;

  constructor(private readonly dtype: DType) {}

  add(slot: number, bytes: number): void {
    this.offsets.set(slot, this.bytes);
    this.bytes += aligned(bytes);
  }

  /** Makes the memory for so many parts, once all sums are known. */
  allocate(parts: number): void {
    this.total = new Buffer(this.dtype, this.bytes);
    this.partial = parts > 1 ? new Buffer(this.dtype, this.bytes * parts) : this.total;
  }

  slot(slot: number): BlockSlot<BufferRef> | undefined {
    const offset = this.offsets.get(slot);
    if (offset === undefined) return undefined;
    const ref = { buffer: this.partial as Buffer, offset };
    const partStride = this.partial === this.total ? 0 : this.bytes;
    return { ref, access: "sum", blockStride: 0, partStride };
  }

  result(slot: number): BufferRef | undefined {
    const offset = this.offsets.get(slot);
    return offset === undefined ? undefined : { buffer: this.total as Buffer, offset };
  }

  /** total[i] = Σ over parts of partial[part, i] */
  addUp(parts: number): ReduceStep<BufferRef>[] {
    if (this.partial === this.total) return [];
    const { dtype } = this;
    const count = this.bytes / BYTES[dtype];
    const view = (buffer: Buffer, strides: number[]) => ({
      ref: { buffer, offset: 0 },
      dtype,
      strides,
    });
    return [
      {
        op: "reduce",
        compute: dtype === "float64" ? dtype : "float32",
        dims: [count, parts],
        loads: [view(this.partial as Buffer, [1, count])],
        code: [],
        kind: "sum",
        reduced: 1,
        outputs: [{ register: 0, view: view(this.total as Buffer, [1]) }],
      },
    ];
  }
}

/** @param at where an operand lies */
export function regionSteps(
  { region, program, resultSlots, sizes, examples }: RegionProgram,
  at: (operand: Region["operands"][number]["node"]) => BufferRef,
  lanes: number,
): RegionSteps {
  const { operands, results } = region;
  const sums = new Map<DType, Sums>();
  const rows = new Map<number, BlockSlot<BufferRef>>();
  resultSlots.forEach((slot, i) => {
    const { type, kind } = results[i] as Region["results"][number];
    const { dtype, shape } = type;
    if (kind === "sum") {
      const known = sums.get(dtype) ?? new Sums(dtype);
      sums.set(dtype, known);
      known.add(slot, BYTES[dtype] * sizeOf(shape) * (type.laned ? lanes : 1));
      return;
    }
    const ref = { buffer: new Buffer(dtype, BYTES[dtype] * sizeOf(shape)), offset: 0 };
    const blockStride = rowBytes(type) * sizes.size;
    rows.set(slot, { ref, access: "write", blockStride, partStride: 0 });
  });
  const summed = results.filter(({ kind }) => kind === "sum").length;
  const all = [...sums.values()];
  for (const s of all) s.allocate(sizes.parts);
  const find = <T>(of: (s: Sums) => T | undefined) =>
    all.map(of).find((found) => found !== undefined);

  const slots = program.slots.map((_, slot): BlockSlot<BufferRef> => {
    const operand = operands[slot - summed];
    if (!operand) return (rows.get(slot) ?? find((s) => s.slot(slot))) as BlockSlot<BufferRef>;
    const { node, kind } = operand;
    const blockStride = kind === "rows" ? rowBytes(node.type) * sizes.size : 0;
    return { ref: at(node), access: "read", blockStride, partStride: 0 };
  });
  const step: BufferStep = {
    op: "blocks",
    blocks: examples / sizes.size,
    parts: sizes.parts,
    program,
    slots,
  };
  return {
    steps: [step, ...all.flatMap((s) => s.addUp(sizes.parts))],
    results: resultSlots.map(
      (slot) => (rows.get(slot)?.ref ?? find((s) => s.result(slot))) as BufferRef,
    ),
  };
}
