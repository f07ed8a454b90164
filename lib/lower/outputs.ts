/**
 * Delivers a program's outputs into their slots. A value is written straight
 * into its slot where that is safe; a slot that an output takes over from an
 * input (`donate`) must not be overwritten while the input is still to be read.
 */
import type { Tensor } from "../ir/graph.js";
import { BYTES, isFloat, rowMajor, type Shape, sizeOf } from "../ir/types.js";
import { accesses, Buffer, type BufferRef, type BufferStep } from "./buffer.js";
import type { MapStep } from "./program.js";

export interface Output {
  readonly node: Tensor;
  /** Where the value lies. */
  readonly buffer: Buffer;
  /** Bytes from the start of `buffer`, when it holds other values, too. */
  readonly offset: number | undefined;
  readonly slot: number;
  /** The slot holds lanes, whether or not the value has any. */
  readonly laned: boolean;
  /** The input whose slot this is, when it was donated. */
  readonly donor: Buffer | undefined;
}

const whole = (buffer: Buffer): BufferRef => ({ buffer, offset: 0 });

function copy(
  from: BufferRef,
  to: Buffer,
  output: Pick<Output, "node" | "laned">,
  lanes: number,
): MapStep<BufferRef> {
  const { shape, dtype, laned } = output.node.type;
  const dims: Shape = output.laned ? [lanes, ...shape] : shape;
  const strides = rowMajor(dims);
  const source = output.laned && !laned ? [0, ...strides.slice(1)] : strides;
  return {
    op: "map",
    compute: dtype === "int32" ? "float64" : isFloat(dtype) ? dtype : "float32",
    dims,
    loads: [{ ref: from, dtype, strides: source }],
    code: [],
    stores: [{ register: 0, view: { ref: whole(to), dtype, strides } }],
  };
}

/** Which steps touch a buffer, by their number. */
interface Uses {
  readonly firstWrite: ReadonlyMap<Buffer, number>;
  readonly reads: ReadonlyMap<Buffer, readonly number[]>;
}

function usesOf(steps: readonly BufferStep[]): Uses {
  const firstWrite = new Map<Buffer, number>();
  const reads = new Map<Buffer, number[]>();
  steps.forEach((step, at) => {
    const touched = accesses(step);
    for (const { buffer } of touched.writes)
      if (!firstWrite.has(buffer)) firstWrite.set(buffer, at);
    for (const { buffer } of touched.reads) {
      const known = reads.get(buffer);
      if (known) known.push(at);
      else reads.set(buffer, [at]);
    }
  });
  return { firstWrite, reads };
}

/** Every read of `donor` happens before the output is written, or at the same element of the same kernel. */
function mayOverwrite(
  steps: readonly BufferStep[],
  uses: Uses,
  donor: Buffer,
  value: Buffer,
): boolean {
  const writer = uses.firstWrite.get(value) ?? -1;
  return (uses.reads.get(donor) ?? []).every((at) => {
    if (at < writer) return true;
    const step = steps[at] as BufferStep;
    if (at > writer || step.op !== "map") return false;
    const store = step.stores.find((s) => s.view.ref.buffer === value);
    const loads = step.loads.filter((v) => v.ref.buffer === donor);
    return loads.every(
      (load) =>
        load.ref.offset === 0 &&
        store?.view.ref.offset === 0 &&
        load.strides.every((s, i) => s === store.view.strides[i]),
    );
  });
}

/** Assigns slots to buffers, and returns the steps with the copies that could not be avoided. */
export function deliverOutputs(
  steps: readonly BufferStep[],
  outputs: readonly Output[],
  lanes: number,
): BufferStep[] {
  const donated = new Set(outputs.flatMap((o) => o.donor ?? []));
  const staged: BufferStep[] = [];
  const late: BufferStep[] = [];
  const direct: Output[] = [];
  const claimed = new Set<Buffer>();
  const slotBuffer = ({ node, slot, laned }: Output) =>
    new Buffer(node.dtype, BYTES[node.dtype] * sizeOf(node.shape) * (laned ? lanes : 1), slot);

  for (const output of outputs) {
    const { buffer, donor } = output;
    const from = { buffer, offset: output.offset ?? 0 };
    if (buffer === donor) continue;
    const stretched = output.laned && !output.node.type.laned;
    const alone = output.offset === undefined && !claimed.has(buffer);
    if (buffer.slot === undefined && alone && !stretched) {
      claimed.add(buffer);
      direct.push(output);
    } else if (donated.has(buffer)) {
      const spare = new Buffer(buffer.dtype, buffer.bytes);
      staged.push(copy(from, spare, { ...output, laned: output.node.type.laned }, lanes));
      late.push(copy(whole(spare), slotBuffer(output), output, lanes));
    } else late.push(copy(from, slotBuffer(output), output, lanes));
  }
  const all = [...steps, ...staged];
  const uses = usesOf(all);
  const refused = direct.filter(
    ({ buffer, donor }) => donor && !mayOverwrite(all, uses, donor, buffer),
  );
  for (const output of refused)
    late.push(copy(whole(output.buffer), slotBuffer(output), output, lanes));
  for (const output of direct) if (!refused.includes(output)) output.buffer.slot = output.slot;
  return [...all, ...late];
}
