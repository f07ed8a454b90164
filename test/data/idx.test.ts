import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseIdx, readIdx } from "../../lib/data/idx.js";
import { idxBytes } from "./idx-bytes.js";

const small = idxBytes([2, 3], [1, 2, 3, 4, 5, 255]);

describe("parseIdx", () => {
  test("reads bytes in row-major order", () => {
    expect(parseIdx(small, "f")).toEqual({
      data: Uint8Array.of(1, 2, 3, 4, 5, 255),
      shape: [2, 3],
    });
  });

  test.each([
    ["int8", 0x09, [0xff, 0x02], Int32Array.of(-1, 2)],
    ["int16", 0x0b, [0xff, 0xfe, 0x01, 0x00], Int32Array.of(-2, 256)],
    ["int32", 0x0c, [0xff, 0xff, 0xff, 0xfd, 0, 1, 0, 0], Int32Array.of(-3, 65536)],
    ["float32", 0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1, -2)],
    [
      "float64",
      0x0e,
      [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0],
      Float64Array.of(1, -2),
    ],
  ])("reads big-endian %s", (_name, code, bytes, expected) => {
    const file = Uint8Array.from([0, 0, code, 1, 0, 0, 0, 2, ...bytes]);
    expect(parseIdx(file, "f")).toEqual({ data: expected, shape: [2] });
  });

  test("does not depend on where the bytes lie in their buffer", () => {
    const shifted = new Uint8Array(small.length + 3);
    shifted.set(small, 3);
    expect(parseIdx(shifted.subarray(3), "f")).toEqual(parseIdx(small, "f"));
  });

  test("refuses a file cut at any byte, naming it", () => {
    for (let length = 0; length < small.length; length++) {
      expect(() => parseIdx(small.subarray(0, length), "cut.idx"), `${length} bytes`).toThrowError(
        expect.objectContaining({
          code: "GLOCAL_DATA_FORMAT",
          message: expect.stringMatching(new RegExp(`^Expected cut\\.idx to .* ${length} bytes`)),
        }),
      );
    }
  });

  test("refuses bytes after the end", () => {
    expect(() => parseIdx(Uint8Array.from([...small, 0]), "long.idx")).toThrowError(
      "Expected long.idx to hold 18 bytes, as its header says (shape [2, 3]) but received 19 bytes.",
    );
  });

  test.each([
    ["a first byte that is not zero", [1, 0, 8, 1, 0, 0, 0, 0]],
    ["an unknown type", [0, 0, 0x0a, 1, 0, 0, 0, 0]],
    ["rank zero", [0, 0, 8, 0]],
    ["text", [0x3c, 0x68, 0x74, 0x6d, 0x6c]],
  ])("refuses %s", (_name, bytes) => {
    expect(() => parseIdx(Uint8Array.from(bytes), "f")).toThrowError(/magic number.*received/);
  });

  test("refuses dimensions whose product no file could hold", () => {
    const header = [0, 0, 8, 3, ...new Array<number>(12).fill(0xff)];
    expect(() => parseIdx(Uint8Array.from(header), "f")).toThrowError(/as its header says/);
  });
});

describe("readIdx", () => {
  async function fileOf(bytes: Uint8Array): Promise<string> {
    const file = join(await mkdtemp(join(tmpdir(), "glocal-idx-")), "array.idx");
    await writeFile(file, bytes);
    return file;
  }

  test("reads plain and gzipped files, whatever their name", async () => {
    const expected = parseIdx(small, "f");
    expect(await readIdx(await fileOf(small))).toEqual(expected);
    expect(await readIdx(await fileOf(gzipSync(small)))).toEqual(expected);
  });

  test("refuses a gzip file cut at any byte", async () => {
    const zipped = gzipSync(small);
    for (let length = 2; length < zipped.length; length++) {
      await expect(readIdx(await fileOf(zipped.subarray(0, length)))).rejects.toMatchObject({
        code: "GLOCAL_DATA_FORMAT",
        message: expect.stringContaining("to be a whole gzip file"),
      });
    }
  });

  test("says that a file is missing", async () => {
    await expect(readIdx("/nowhere/array.idx")).rejects.toMatchObject({
      code: "GLOCAL_DATA_MISSING",
    });
  });
});
