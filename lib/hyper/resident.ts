/** Data that lives on the device: whole arrays for training, padded chunks for criteria. */
import { GlocalError } from "../errors.js";
import { allocate, checkedArray, dtypeOfArray, type HostArray, isHostArray } from "../ir/array.js";
import { recipeOf } from "../ir/deferred.js";
import type { Tensor } from "../ir/graph.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { BYTES, type FloatDType, sizeOf, type Type } from "../ir/types.js";
import { gather } from "../ops/index-rows.js";
import type { Device } from "../runtime/device.js";
import type { DeviceArray } from "../runtime/executable.js";
import type { InputSpec } from "../trace/trace.js";

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

/** Where a program that is called chunk by chunk finds its examples, and what each weighs. */
export interface Chunks {
  /** Examples of one call. */
  readonly size: number;
  /** Calls. */
  readonly count: number;
  /** The inputs of a program: what its examples are made of, then their weights [size]. */
  readonly specs: readonly InputSpec[];
  /** Which of them have one row for each example. */
  readonly batch: readonly number[];
  /** The tree of examples and their weights, from the inputs. */
  examples(inputs: readonly Tensor[]): { readonly batch: unknown; readonly weights: Tensor };
  /** The inputs of one call. */
  arrays(chunk: number): DeviceArray[];
}

/** All examples of a data set in equal chunks; the last is filled up with copies of the first example, whose weight there is 0. */
export interface WholeChunks extends Chunks {
  readonly of: Examples;
  /** All rows, the copies at the end included. */
  readonly all: readonly DeviceArray[];
}

export function uploadChunks(
  device: Device,
  examples: Examples,
  wanted: number,
  dtype: FloatDType,
): WholeChunks {
  const size = Math.min(wanted, examples.count);
  const count = Math.ceil(examples.count / size);
  const { leaves, def } = examples;
  const rowBytes = leaves.map((leaf) => BYTES[dtypeOfArray(leaf)] * sizeOf(leaf.shape.slice(1)));
  const all = leaves.map((leaf) => uploadRows(device, leaf, size * count));
  const weights = uploadWeights(device, examples.count, size * count, dtype);
  return {
    of: examples,
    all,
    size,
    count,
    specs: [...dataSpecs(examples, size), weightsSpec(size, dtype)],
    batch: [...leaves.keys(), leaves.length],
    examples: (inputs) => ({
      batch: def.rebuild(inputs.slice(0, leaves.length)),
      weights: inputs[leaves.length] as Tensor,
    }),
    arrays: (chunk) => [
      ...all.map(({ buffer }, i) => ({ buffer, offset: chunk * size * (rowBytes[i] as number) })),
      { buffer: weights.buffer, offset: chunk * size * BYTES[dtype] },
    ],
  };
}

/** Some of the examples that lie on the device, picked there by their numbers. */
export interface PickedChunks extends Chunks {
  /** Says which: as many numbers as were announced. */
  pick(index: Int32Array): void;
}

export function pickedChunks(
  device: Device,
  whole: WholeChunks,
  examples: number,
  dtype: FloatDType,
): PickedChunks {
  const size = Math.min(whole.size, examples);
  const count = Math.ceil(examples / size);
  const { leaves, def } = whole.of;
  const index = device.allocate(size * count * BYTES.int32);
  const weights = uploadWeights(device, examples, size * count, dtype);
  const width = leaves.length;
  return {
    size,
    count,
    specs: [
      ...dataSpecs(whole.of, whole.size * whole.count),
      { name: "index", type: { dtype: "int32", shape: [size], laned: false } },
      weightsSpec(size, dtype),
    ],
    batch: [width, width + 1],
    examples: (inputs) => {
      const [at, each] = inputs.slice(width) as [Tensor, Tensor];
      const rows = inputs.slice(0, width).map((data) => gather(data, at));
      return { batch: def.rebuild(rows), weights: each };
    },
    arrays: (chunk) => [
      ...whole.all,
      { buffer: index, offset: chunk * size * BYTES.int32 },
      { buffer: weights.buffer, offset: chunk * size * BYTES[dtype] },
    ],
    // What is beyond the examples keeps the number 0, and its weight is 0.
    pick: (numbers) => index.write(numbers, 0),
  };
}

const weightsSpec = (size: number, dtype: FloatDType): InputSpec => ({
  name: "weights",
  type: { dtype, shape: [size], laned: false },
});

function dataSpecs({ leaves, def }: Examples, rows: number): InputSpec[] {
  return leaves.map((leaf, i) => ({ name: `data ${def.paths[i]}`, type: rowsType(leaf, rows) }));
}

/** [rows]: 1 / number of examples, or 0 beyond them. */
function uploadWeights(device: Device, examples: number, rows: number, dtype: FloatDType) {
  const weights = allocate(dtype, rows);
  weights.fill(1 / examples, 0, examples);
  return upload(device, weights);
}
