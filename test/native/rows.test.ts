import { describe, expect, it } from "vitest";
import { loadAddon } from "../../lib/native/load.js";

const device = loadAddon().createCpuDevice({ threads: 1 });
const rows = Int32Array.of(2, 0, 2);

describe("writeRows", () => {
  it("copies rows by index", () => {
    const buffer = device.allocate(64);
    const table = Float64Array.of(0, 1, 10, 11, 20, 21);
    device.writeRows(buffer, 8, table, 16, rows, null);
    const read = new Float64Array(8);
    buffer.read(read, 0);
    expect([...read]).toEqual([0, 20, 21, 0, 1, 20, 21, 0]);
  });

  it.each([Float32Array, Float64Array])("turns bytes into what they stand for: %o", (Type) => {
    const values = Type.from(Array.from({ length: 256 }, (_, byte) => byte / 4));
    const read = new Type(6);
    const buffer = device.allocate(read.byteLength);
    device.writeRows(buffer, 0, Uint8Array.of(0, 1, 10, 11, 255, 21), 2, rows, values);
    buffer.read(read, 0);
    expect([...read]).toEqual([63.75, 5.25, 0, 0.25, 63.75, 5.25]);
  });

  it("gives every thread its share", () => {
    const threads = loadAddon().createCpuDevice({ threads: 3 });
    const width = 1000;
    const table = Uint8Array.from({ length: 50 * width }, (_, i) => (i * 7919) % 256);
    const index = Int32Array.from({ length: 3000 }, (_, i) => (i * 37) % 50);
    const values = Float32Array.from(Array.from({ length: 256 }, (_, byte) => byte));
    const buffer = threads.allocate(4 * index.length * width);
    threads.writeRows(buffer, 0, table, width, index, values);
    const read = new Float32Array(index.length * width);
    buffer.read(read, 0);
    const wrong = read.findIndex((value, i) => {
      const row = index[Math.floor(i / width)] as number;
      return value !== table[row * width + (i % width)];
    });
    expect(wrong).toBe(-1);
  });

  it("writes nothing for no rows, and for rows of nothing", () => {
    const buffer = device.allocate(4);
    device.writeRows(buffer, 4, new Uint8Array(3), 1, new Int32Array(0), null);
    device.writeRows(buffer, 4, new Uint8Array(0), 0, rows, null);
  });

  it("refuses a buffer of another device", () => {
    const other = loadAddon().createCpuDevice({ threads: 1 }).allocate(8);
    expect(() => device.writeRows(other, 0, new Uint8Array(8), 1, rows, null)).toThrow(
      "a buffer of this device",
    );
  });

  it("refuses what lies outside the table or the buffer", () => {
    const buffer = device.allocate(8);
    const table = new Uint8Array(8);
    const values = new Float32Array(256);
    const write =
      (rowBytes: number, index: Int32Array, decode: Float32Array | null, offset = 0) =>
      () =>
        device.writeRows(buffer, offset, table, rowBytes, index, decode);
    expect(write(4, Int32Array.of(0, 2), null)).toThrow("rows from 0 to 1 in index but received 2");
    expect(write(4, Int32Array.of(-1), null)).toThrow("received -1");
    expect(write(4, Int32Array.of(0, 1, 0), null)).toThrow("within the buffer");
    expect(write(4, Int32Array.of(0), null, 5)).toThrow("within the buffer");
    expect(write(4, Int32Array.of(0), values)).toThrow("within the buffer");
    expect(write(4, Int32Array.of(0), values.subarray(1))).toThrow("256 numbers of 4 or 8 bytes");
  });
});
