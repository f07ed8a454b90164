/**
 * The safetensors format: the header's length as a little-endian uint64, the
 * header in JSON (name → dtype, shape and where its bytes lie after the
 * header), then the arrays' bytes, little-endian and without gaps.
 */

import * as v from "valibot";
import { GlocalError } from "../errors.js";
import type { HostArray, TypedArray } from "../ir/array.js";

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
/** What other readers accept, too. */
const MAX_HEADER_BYTES = 100_000_000;

interface ElementType {
  readonly name: string;
  readonly array: new (buffer: ArrayBuffer) => TypedArray;
  readonly bytes: number;
}

/** Widest first: written in this order, every array starts at a multiple of its element size. */
const ELEMENT_TYPES: readonly ElementType[] = [
  { name: "F64", array: Float64Array, bytes: 8 },
  { name: "F32", array: Float32Array, bytes: 4 },
  { name: "I32", array: Int32Array, bytes: 4 },
  { name: "U8", array: Uint8Array, bytes: 1 },
];

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Entry = v.strictObject({
  dtype: v.string(),
  shape: v.array(size),
  data_offsets: v.tuple([size, size]),
});
const Header = v.record(v.string(), v.unknown());
const Metadata = v.record(v.string(), v.string());

/** The file as pieces to be written one after the other. */
export function encodeTensors(
  tensors: ReadonlyMap<string, HostArray>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([METADATA, metadata]);
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const { name: dtype, array } of ELEMENT_TYPES) {
    for (const [name, { data, shape }] of tensors) {
      if (!(data instanceof array)) continue;
      header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
      pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      offset += data.byteLength;
    }
  }
  return [...headerBytes(Object.fromEntries(header)), ...pieces];
}

function headerBytes(header: object): Uint8Array[] {
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded];
}

/** Reads a whole file, in the order of its bytes. `file` is named in errors (GLOCAL_DATA_FORMAT). */
export function decodeTensors(bytes: Uint8Array, file: string): Map<string, HostArray> {
  const { header, body } = parts(bytes, file);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => {
      const entry = v.safeParse(Entry, value);
      if (!entry.success) {
        throw wrong(
          `${name} in ${file} to have a dtype, a shape and data_offsets`,
          v.summarize(entry.issues).replaceAll("\n", " "),
        );
      }
      return { name, ...entry.output };
    })
    .sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);

  const tensors = new Map<string, HostArray>();
  let end = 0;
  for (const { name, dtype, shape, data_offsets } of entries) {
    const type = ELEMENT_TYPES.find((known) => known.name === dtype);
    if (type === undefined) {
      const known = ELEMENT_TYPES.map((each) => each.name).join(", ");
      throw wrong(`${name} in ${file} to have one of the dtypes ${known}`, dtype);
    }
    const [from, to] = data_offsets;
    if (from !== end || to < from) {
      throw wrong(
        `${file} to hold its arrays one after the other, ${name} from byte ${end}`,
        `data_offsets [${from}, ${to}]`,
      );
    }
    const expectedBytes = shape.reduce((product, n) => product * n, type.bytes);
    if (to - from !== expectedBytes) {
      throw wrong(
        `${expectedBytes} bytes for ${name} in ${file} (${dtype} [${shape.join(", ")}])`,
        `data_offsets [${from}, ${to}]`,
      );
    }
    if (to > body.length) {
      throw wrong(`${file} to hold at least ${to} bytes of arrays`, `${body.length}`);
    }
    // A copy of its own has the alignment that the array needs, and lets go of the file.
    tensors.set(name, { data: new type.array(body.slice(from, to).buffer), shape });
    end = to;
  }
  if (body.length !== end) {
    throw wrong(`${file} to hold ${end} bytes of arrays`, `${body.length}`);
  }
  return tensors;
}

function parts(bytes: Uint8Array, file: string): { header: object; body: Uint8Array } {
  if (bytes.length < LENGTH_BYTES) {
    throw wrong(`${file} to begin with the 8-byte length of its header`, `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || LENGTH_BYTES + length > bytes.length) {
    throw wrong(
      `a safetensors header of at most ${Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_BYTES)} bytes in ${file}`,
      `one that claims ${length}`,
    );
  }
  const text = new TextDecoder().decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  // A plain Uint8Array: slices of a Buffer would share its memory.
  const body = new Uint8Array(view.buffer, view.byteOffset + LENGTH_BYTES + length);
  return {
    header: parsedHeader(text, file),
    body: body.subarray(0, bytes.length - LENGTH_BYTES - length),
  };
}

function parsedHeader(text: string, file: string): object {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong(`the header of ${file} to be JSON`, (cause as Error).message, cause);
  }
  if (Array.isArray(json) || !v.is(Header, json)) {
    throw wrong(`the header of ${file} to be a JSON object`, text.slice(0, 40));
  }
  const metadata = json[METADATA];
  if (metadata !== undefined && !v.is(Metadata, metadata)) {
    throw wrong(`${METADATA} in ${file} to map names to strings`, JSON.stringify(metadata));
  }
  return json;
}

function wrong(expected: string, received: string, cause?: unknown): GlocalError {
  return new GlocalError("GLOCAL_DATA_FORMAT", { expected, received, cause });
}
