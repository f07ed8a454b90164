/** Data that lives on the device: whole arrays for training, padded chunks for criteria. */
import { GlocalError } from "../errors.js";
import { allocate, array, dtypeOf, type HostArray, isHostArray } from "../ir/array.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { BYTES, type FloatDType, type Shape, sizeOf, type Type } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import type { DeviceArray } from "../runtime/executable.js";

/** A tree of arrays whose first axes are all the same length: examples. */
export interface Examples {
  readonly leaves: readonly HostArray[];
  readonly def: TreeDef;
  readonly count: number;
}

/** @throws GLOCAL_BAD_OPTION for no data at all, GLOCAL_BAD_SHAPE unless every leaf has the same, positive number of rows */
export function examplesOf(tree: unknown, what: string): Examples {
  if (tree === undefined || tree === null)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${what} data as arrays with one row per example`,
      received: String(tree),
    });
  const [given, def] = flatten(tree, isHostArray);
  const leaves = given.map(({ data, shape }) => array(data, shape));
  const count = leaves[0]?.shape[0] ?? 0;
  if (count < 1 || leaves.some((leaf) => leaf.shape[0] !== count))
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `${what} data as arrays with one row per example, equally many in each`,
      received: leaves.map((leaf, i) => `${def.paths[i]} [${leaf.shape}]`).join(", ") || "none",
    });
  return { leaves, def, count };
}

export function upload(device: Device, data: ArrayBufferView): DeviceArray {
  const buffer = device.allocate(data.byteLength);
  buffer.write(data, 0);
  return { buffer, offset: 0 };
}

/** Type of `rows` rows of an array. */
export function rowsType(leaf: HostArray, rows: number): Type {
  return { dtype: dtypeOf(leaf.data), shape: [rows, ...leaf.shape.slice(1)], laned: false };
}

/** Examples in equal chunks; the last is filled up with copies of the first example, whose weight there is 0. */
export interface Chunks {
  readonly examples: Examples;
  readonly size: number;
  readonly count: number;
  /** Arrays of one chunk, by leaf. */
  leaves(chunk: number): DeviceArray[];
  /** [size]: 1 / number of examples, or 0 where padded. */
  weights(chunk: number): DeviceArray;
}

export function uploadChunks(
  device: Device,
  examples: Examples,
  wanted: number,
  dtype: FloatDType,
): Chunks {
  const size = Math.min(wanted, examples.count);
  const count = Math.ceil(examples.count / size);
  const rows = size * count;
  const rowBytes = examples.leaves.map(
    (leaf) => BYTES[dtypeOf(leaf.data)] * sizeOf(leaf.shape.slice(1) as Shape),
  );
  const arrays = examples.leaves.map((leaf) => {
    const width = sizeOf(leaf.shape.slice(1));
    const padded = allocate(dtypeOf(leaf.data), rows * width);
    padded.set(leaf.data);
    for (let row = examples.count; row < rows; row++)
      padded.set(leaf.data.subarray(0, width), row * width);
    return upload(device, padded);
  });
  const weights = allocate(dtype, rows);
  weights.fill(1 / examples.count, 0, examples.count);
  const weightArray = upload(device, weights);
  return {
    examples,
    size,
    count,
    leaves: (chunk) =>
      arrays.map(({ buffer }, i) => ({ buffer, offset: chunk * size * (rowBytes[i] as number) })),
    weights: (chunk) => ({ buffer: weightArray.buffer, offset: chunk * size * BYTES[dtype] }),
  };
}
