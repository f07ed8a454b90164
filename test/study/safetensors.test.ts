import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { HostArray } from "../../lib/ir/array.js";
import { loadParams, type ParamTree, saveParams } from "../../lib/study/safetensors.js";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glocal-safetensors-"));
  path = join(folder, "params.safetensors");
});

const vector = (...values: number[]): HostArray => ({
  data: Float32Array.from(values),
  shape: [values.length],
});

/** A file with any header and body, as another program may have written it. */
function writeFile(header: unknown, body: Uint8Array = new Uint8Array(0)): void {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, body]));
}

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);
const arrays: fc.Arbitrary<HostArray> = shapes.chain((shape) => {
  const length = { minLength: sizeOf(shape), maxLength: sizeOf(shape) };
  return fc
    .oneof(
      fc.float32Array(length),
      fc.float64Array(length),
      fc.int32Array(length),
      fc.uint8Array(length),
    )
    .map((data) => ({ data, shape }) as HostArray);
});
// Letters first, so that no level of names looks like a list.
const keys = fc
  .tuple(fc.constantFrom("a", "é", "_", '"'), fc.string({ maxLength: 5 }))
  .map(([first, rest]) => first + rest.replaceAll(".", ""));
const trees = fc.letrec<{ node: ParamTree; branch: ParamTree }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, arrays, tie("branch")),
  branch: fc.oneof(
    fc.dictionary(keys, tie("node"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
  ),
})).branch;

describe("saveParams and loadParams", () => {
  test("give back any tree bit for bit, with and without a pattern", async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (tree) => {
        await saveParams(path, tree);
        expect(await loadParams(path)).toEqual(tree);
        expect(await loadParams(path, tree)).toEqual(tree);
      }),
      { numRuns: 60 },
    );
  });

  test("write a header that ends at a multiple of eight bytes, the widest elements first", async () => {
    const tree = {
      bytes: { data: Uint8Array.of(1, 2, 3), shape: [3] },
      layers: [{ weight: { data: Float32Array.of(1, 2), shape: [2, 1] } }],
      scale: { data: Float64Array.of(0.5), shape: [] },
    };
    await saveParams(path, tree, { recipe: "lenet-mnist" });
    const file = readFileSync(path);
    const length = Number(file.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(file.toString("utf8", 8, 8 + length))).toEqual({
      __metadata__: { recipe: "lenet-mnist" },
      scale: { dtype: "F64", shape: [], data_offsets: [0, 8] },
      "layers.0.weight": { dtype: "F32", shape: [2, 1], data_offsets: [8, 16] },
      bytes: { dtype: "U8", shape: [3], data_offsets: [16, 19] },
    });
    expect(file.length).toBe(8 + length + 19);
    expect(readdirSync(folder)).toEqual(["params.safetensors"]);
  });

  test("save views of larger buffers as what they show", async () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    await saveParams(path, { a: { data, shape: [2] } });
    expect(await loadParams(path)).toEqual({ a: vector(1, 2) });
  });

  test("take names that mean something to JavaScript as mere names", async () => {
    writeFile('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', Uint8Array.of(5));
    const tree = await loadParams(path);
    expect(Object.keys(tree)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(tree)).toBe(Object.prototype);
  });

  test.each<[string, ParamTree]>([
    ["a key with a dot", { "a.b": vector(1) }],
    ["an empty key", { a: { "": vector(1) } }],
    ["a reserved name", { __metadata__: vector(1) }],
    ["an array without a name", vector(1)],
  ])("refuse to save %s", async (_name, tree) => {
    await expect(saveParams(path, tree)).rejects.toMatchObject({ code: "GLOCAL_BAD_OPTION" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("loadParams refuses", () => {
  const entry = { dtype: "U8", shape: [2], data_offsets: [0, 2] };
  const two = Uint8Array.of(1, 2);

  test("a file cut at any byte", async () => {
    await saveParams(path, { a: vector(1, 2), b: vector(3) });
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(loadParams(path), `${length} bytes`).rejects.toMatchObject({
        code: "GLOCAL_DATA_FORMAT",
        message: expect.stringContaining(path),
      });
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    await expect(loadParams(path)).rejects.toThrow("to hold 12 bytes of arrays but received 13");
  });

  test("a header longer than any file should have", async () => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigUInt64LE(2n ** 63n);
    writeFileSync(path, bytes);
    await expect(loadParams(path)).rejects.toThrow(/header of at most 8 bytes/);
  });

  test.each<[string, unknown, RegExp]>([
    ["text that is not JSON", "{", /to be JSON/],
    ["a list", [1], /to be a JSON object/],
    ["metadata that are not strings", { __metadata__: { a: 1 } }, /map names to strings/],
    ["an entry without a shape", { a: { dtype: "U8", data_offsets: [0, 2] } }, /a in .* a shape/],
    ["a negative size", { a: { ...entry, shape: [-2] } }, /to have a dtype, a shape/],
    ["an unknown dtype", { a: { ...entry, dtype: "BF16" } }, /F64, F32, I32, U8 but received BF16/],
    ["overlapping arrays", { a: entry, b: { ...entry, data_offsets: [1, 3] } }, /b from byte 2/],
    ["a gap", { a: { ...entry, data_offsets: [1, 3] } }, /a from byte 0/],
    ["offsets that run backwards", { a: { ...entry, data_offsets: [0, -2] } }, /data_offsets/],
    ["a shape that its bytes do not fill", { a: { ...entry, shape: [3] } }, /3 bytes for a/],
    ["bytes that no array owns", {}, /to hold 0 bytes of arrays but received 2/],
    [
      "names that are no tree",
      {
        a: { ...entry, shape: [1], data_offsets: [0, 1] },
        "a.b": { ...entry, shape: [1], data_offsets: [1, 2] },
      },
      /form a tree/,
    ],
    [
      "the same in the other order",
      {
        "a.b": { ...entry, shape: [1], data_offsets: [0, 1] },
        a: { ...entry, shape: [1], data_offsets: [1, 2] },
      },
      /form a tree/,
    ],
  ])("%s", async (_name, header, message) => {
    writeFile(header, two);
    await expect(loadParams(path)).rejects.toMatchObject({
      code: "GLOCAL_DATA_FORMAT",
      message: expect.stringMatching(message),
    });
  });

  test("what does not fit the pattern", async () => {
    await saveParams(path, { a: vector(1, 2) });
    const refusal = async (like: ParamTree) => loadParams(path, like).catch((error) => error);
    expect(await refusal({ a: vector(1) })).toMatchObject({
      code: "GLOCAL_BAD_SHAPE",
      message: `Expected a in ${path} to have the shape [1] but received [2].`,
    });
    expect(await refusal({ a: { data: Float64Array.of(1, 2), shape: [2] } })).toMatchObject({
      code: "GLOCAL_BAD_DTYPE",
    });
    expect(await refusal({ b: vector(1, 2) })).toMatchObject({
      code: "GLOCAL_BAD_SHAPE",
      message: expect.stringContaining("lacks b and also holds a"),
    });
  });

  test("a file that is not there", async () => {
    await expect(loadParams(path)).rejects.toMatchObject({ code: "GLOCAL_DATA_MISSING" });
  });
});
