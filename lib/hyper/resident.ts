/** Data that lives on the device: whole arrays for training, padded chunks for criteria. */
import { GlocalError } from "../errors.js";
import { allocate, checkedArray, dtypeOfArray, type HostArray, isHostArray } from "../ir/array.js";
import { recipeOf } from "../ir/deferred.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { BYTES, type FloatDType, sizeOf, type Type } from "../ir/types.js";
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
  const leaves = given.map(checkedArray);
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

/** Uploads the rows of an array, and after the last as often the first as makes `rows` in all. */
export function uploadRows(
  device: Device,
  leaf: HostArray,
  rows = leaf.shape[0] as number,
): DeviceArray {
  const { source, values, rows: order } = recipeOf(leaf) ?? { source: leaf.data };
  const index = Int32Array.from({ length: rows }, (_, i) => {
    const row = i < (leaf.shape[0] as number) ? i : 0;
    return order ? (order[row] as number) : row;
  });
  const { dtype, shape } = rowsType(leaf, rows);
  const buffer = device.allocate(BYTES[dtype] * sizeOf(shape));
  const rowBytes = source.BYTES_PER_ELEMENT * sizeOf(shape.slice(1));
  device.native.writeRows(buffer, 0, source, rowBytes, index, values ?? null);
  return { buffer, offset: 0 };
}

/** Type of `rows` rows of an array. */
export function rowsType(leaf: HostArray, rows: number): Type {
  return { dtype: dtypeOfArray(leaf), shape: [rows, ...leaf.shape.slice(1)], laned: false };
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
    (leaf) => BYTES[dtypeOfArray(leaf)] * sizeOf(leaf.shape.slice(1)),
  );
  const arrays = examples.leaves.map((leaf) => uploadRows(device, leaf, rows));
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
