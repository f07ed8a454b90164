/**
 * The IDX format of the MNIST family: two zero bytes, a byte for the element
 * type, a byte for the rank, one big-endian uint32 for each dimension, then the
 * elements, big-endian, in row-major order, and nothing after them.
 */

import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";

/** Bytes of memory at once while a file is decompressed. */
const LEAST_CHUNK = 2 ** 14;
const MOST_CHUNK = 2 ** 28;

interface ElementType {
  readonly bytes: number;
  /** Reads `count` elements that start at byte `offset`. Small integers widen to int32. */
  read(view: DataView, offset: number, count: number): HostArray["data"];
}

const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [
    0x08,
    {
      bytes: 1,
      read: (view, offset, count) => new Uint8Array(view.buffer, view.byteOffset + offset, count),
    },
  ],
  [
    0x09,
    { bytes: 1, read: (view, offset, count) => int32s(count, (i) => view.getInt8(offset + i)) },
  ],
  [
    0x0b,
    {
      bytes: 2,
      read: (view, offset, count) => int32s(count, (i) => view.getInt16(offset + 2 * i)),
    },
  ],
  [
    0x0c,
    {
      bytes: 4,
      read: (view, offset, count) => int32s(count, (i) => view.getInt32(offset + 4 * i)),
    },
  ],
  [
    0x0d,
    {
      bytes: 4,
      read: (view, offset, count) =>
        Float32Array.from({ length: count }, (_, i) => view.getFloat32(offset + 4 * i)),
    },
  ],
  [
    0x0e,
    {
      bytes: 8,
      read: (view, offset, count) =>
        Float64Array.from({ length: count }, (_, i) => view.getFloat64(offset + 8 * i)),
    },
  ],
] satisfies [number, ElementType][]);

function int32s(count: number, element: (index: number) => number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => element(i));
}

/**
 * Reads an IDX file, gzipped or not (told by its first bytes, not by its name).
 * Throws GLOCAL_DATA_MISSING when it cannot be read and GLOCAL_DATA_FORMAT
 * when it is not one whole IDX array.
 */
export async function readIdx(file: string): Promise<HostArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new GlocalError("GLOCAL_DATA_MISSING", {
      expected: `a readable IDX file at ${file}`,
      received: (cause as Error).message,
      cause,
    });
  }
  return parseIdx(await decompressed(bytes, file), file);
}

async function decompressed(bytes: Uint8Array, file: string): Promise<Uint8Array> {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzipped) return bytes;
  try {
    return await promisify(gunzip)(bytes, { chunkSize: chunkFor(bytes) });
  } catch (cause) {
    throw new GlocalError("GLOCAL_DATA_FORMAT", {
      expected: `${file} to be a whole gzip file`,
      received: `${bytes.length} bytes that do not decompress: ${(cause as Error).message}`,
      hint: "Fetch the file again.",
      cause,
    });
  }
}

/**
 * Room for the whole content, whose length modulo 2³² a gzip file ends with: one piece is neither
 * copied together nor handed back and forth. A file that lies is read in smaller pieces.
 */
function chunkFor(bytes: Uint8Array): number {
  const tail = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4);
  return Math.min(Math.max(tail.getUint32(0, true) + 1, LEAST_CHUNK), MOST_CHUNK);
}

/**
 * Decodes one IDX array. uint8, float32 and float64 keep their type, the other
 * integers come as int32; uint8 elements are not copied out of `bytes`. `file` is named in errors (GLOCAL_DATA_FORMAT).
 */
export function parseIdx(bytes: Uint8Array, file: string): HostArray {
  const wrong = (expected: string, received: string) =>
    new GlocalError("GLOCAL_DATA_FORMAT", { expected: `${file} to ${expected}`, received });

  if (bytes.length < 4) {
    throw wrong("begin with the 4-byte magic number of an IDX file", `${bytes.length} bytes`);
  }
  const [zero0, zero1, code, rank] = bytes as unknown as [number, number, number, number];
  const type = ELEMENT_TYPES.get(code);
  if (zero0 !== 0 || zero1 !== 0 || type === undefined || rank === 0) {
    throw wrong(
      "begin with the magic number of an IDX file: 00 00, a type code of 08, 09 or 0b to 0e, a rank from 01",
      hex(bytes.subarray(0, 4)),
    );
  }

  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw wrong(`hold a header of ${headerBytes} bytes (rank ${rank})`, `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  const expectedBytes = headerBytes + count * type.bytes;
  if (bytes.length !== expectedBytes) {
    throw wrong(
      `hold ${expectedBytes} bytes, as its header says (shape [${shape.join(", ")}])`,
      `${bytes.length} bytes`,
    );
  }
  return { data: type.read(view, headerBytes, count), shape };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
