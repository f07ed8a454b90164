/** Merges neighbouring dimensions of a kernel wherever every operand runs through both without a jump. */
import type { BufferRef } from "./buffer.js";
import type { Instruction, MapStep, ReduceStep } from "./program.js";

interface Collapsed {
  readonly dims: number[];
  /** For each new dimension, the last old one that went into it. */
  readonly from: number[];
}

function collapseDims(
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  barrier: number,
): Collapsed {
  const out: Collapsed = { dims: [], from: [] };
  dims.forEach((size, i) => {
    if (size === 1) return;
    const last = out.from.at(-1);
    const joins =
      last !== undefined &&
      last >= barrier === i >= barrier &&
      strides.every((s) => s[last] === (s[i] as number) * size);
    if (joins) {
      out.dims[out.dims.length - 1] = (out.dims.at(-1) as number) * size;
      out.from[out.from.length - 1] = i;
    } else {
      out.dims.push(size);
      out.from.push(i);
    }
  });
  return out;
}

/** Iota counts as an operand that advances by one along its own dimension. */
function iotaStrides(code: readonly Instruction[], rank: number): number[][] {
  return code.flatMap((i) =>
    i.op === "iota" ? [Array.from({ length: rank }, (_, d) => Number(d === i.dim))] : [],
  );
}

const pick = (strides: readonly number[], from: readonly number[]) =>
  from.map((i) => strides[i] as number);

/** An iota along an axis of length 1 is always 0. */
function moveIota(code: readonly Instruction[], from: readonly number[]): Instruction[] {
  return code.map((i) => {
    if (i.op !== "iota") return i;
    const dim = from.indexOf(i.dim);
    return dim < 0 ? { op: "constant", value: 0 } : { op: "iota", dim };
  });
}

export function collapseMap(step: MapStep<BufferRef>): MapStep<BufferRef> {
  const strides = [
    ...step.loads.map((v) => v.strides),
    ...step.stores.map((s) => s.view.strides),
    ...iotaStrides(step.code, step.dims.length),
  ];
  const { dims, from } = collapseDims(step.dims, strides, 0);
  return {
    ...step,
    dims,
    loads: step.loads.map((v) => ({ ...v, strides: pick(v.strides, from) })),
    stores: step.stores.map((s) => ({
      ...s,
      view: { ...s.view, strides: pick(s.view.strides, from) },
    })),
    code: moveIota(step.code, from),
  };
}

/** Kept and reduced dimensions collapse among themselves only. */
export function collapseReduce(step: ReduceStep<BufferRef>): ReduceStep<BufferRef> {
  const kept = step.dims.length - step.reduced;
  const padded = step.outputs.map((s) => [
    ...s.view.strides,
    ...new Array<number>(step.reduced).fill(0),
  ]);
  const strides = [
    ...step.loads.map((v) => v.strides),
    ...padded,
    ...iotaStrides(step.code, step.dims.length),
  ];
  const { dims, from } = collapseDims(step.dims, strides, kept);
  const keptFrom = from.filter((i) => i < kept);
  return {
    ...step,
    dims,
    reduced: from.length - keptFrom.length,
    loads: step.loads.map((v) => ({ ...v, strides: pick(v.strides, from) })),
    outputs: step.outputs.map((s) => ({
      ...s,
      view: { ...s.view, strides: pick(s.view.strides, keptFrom) },
    })),
    code: moveIota(step.code, from),
  };
}
