/** Small steps over buffers that tests make by hand. */
import { BYTES, rowMajor } from "../../../lib/ir/types.js";
import { Buffer, type BufferRef } from "../../../lib/lower/buffer.js";
import type { ConvStep, MapStep, ReduceStep, View, Window2d } from "../../../lib/lower/program.js";

export const floats = (elements: number, slot?: number): BufferRef => ({
  buffer: new Buffer("float32", elements * BYTES.float32, slot),
  offset: 0,
});

export const view = (ref: BufferRef, strides: readonly number[] = [1]): View<BufferRef> => ({
  ref,
  dtype: "float32",
  strides,
});

/** The sum of some buffers, element by element; 1 where there are none. */
export function sumOf(
  reads: readonly BufferRef[],
  write: BufferRef,
  dims: readonly number[] = [8],
): MapStep<BufferRef> {
  const strides = rowMajor(dims);
  const rest = reads.slice(1);
  return {
    op: "map",
    compute: "float32",
    dims,
    loads: reads.map((ref) => view(ref, strides)),
    code:
      reads.length === 0
        ? [{ op: "constant", value: 1 }]
        : rest.map((_, i) => ({ op: "add", args: [i === 0 ? 0 : reads.length + i - 1, i + 1] })),
    stores: [
      {
        register: reads.length === 0 ? 0 : rest.length === 0 ? 0 : reads.length + rest.length - 1,
        view: view(write, strides),
      },
    ],
  };
}

/** Sums of columns (`strides` [1, columns]) or rows. */
export function reduction(
  from: BufferRef,
  to: BufferRef,
  dims: readonly [number, number],
  strides: readonly [number, number],
): ReduceStep<BufferRef> {
  return {
    op: "reduce",
    compute: "float32",
    kind: "sum",
    dims,
    reduced: 1,
    loads: [view(from, strides)],
    code: [],
    outputs: [{ register: 0, view: view(to) }],
  };
}

/** 3×3 over 8×8 images of 4 channels to 4, padded. */
export const WINDOW: Window2d = {
  n: 2,
  h: 8,
  w: 8,
  c: 4,
  kh: 3,
  kw: 3,
  o: 4,
  strideH: 1,
  strideW: 1,
  padTop: 1,
  padLeft: 1,
  oh: 8,
  ow: 8,
};
export const IMAGE = 8 * 8 * 4;
export const FILTER = 3 * 3 * 4 * 4;

export function convolution(
  fields: Pick<ConvStep<BufferRef>, "a" | "b" | "out"> & Partial<ConvStep<BufferRef>>,
): ConvStep<BufferRef> {
  return {
    op: "conv2d",
    dtype: "float32",
    window: WINDOW,
    lanes: 1,
    accumulate: false,
    ...fields,
  };
}

export const shared = (ref: BufferRef) => ({ ref, laneStride: 0 });
export const laned = (ref: BufferRef, laneStride: number) => ({ ref, laneStride });
