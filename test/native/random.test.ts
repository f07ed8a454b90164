import { describe, expect, it } from "vitest";
import type { FloatDType } from "../../lib/ir/types.js";
import type { RandomStep } from "../../lib/lower/program.js";
import { type Data, expectEqual, floats, onEveryLevel } from "./fused_case.js";

/** Philox-4x32-10 in big integers. */
function philox(counter: readonly number[], key: readonly number[]): number[] {
  let c = counter.map((x) => BigInt(x >>> 0));
  let k = key.map((x) => BigInt(x >>> 0));
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c[0]!;
    const p1 = 0xcd9e8d57n * c[2]!;
    c = [(p1 >> 32n) ^ c[1]! ^ k[0]!, p1 & mask, (p0 >> 32n) ^ c[3]! ^ k[1]!, p0 & mask];
    k = [(k[0]! + 0x9e3779b9n) & mask, (k[1]! + 0xbb67ae85n) & mask];
  }
  return c.map(Number);
}

const ref = (slot: number) => ({ space: "slot", slot, offset: 0 }) as const;

function draw(dtype: FloatDType, count: number, site: number, key: number[]): Data[] {
  const keyData = Int32Array.from(key);
  const step: RandomStep = { op: "randomUniform", dtype, count, site, key: ref(0), out: ref(1) };
  const results: Data[] = [];
  onEveryLevel(step, [keyData, floats(dtype, new Array(count).fill(9))], (after) => {
    results.push(after[1] as Data);
  });
  return results;
}

describe("uniform random numbers", () => {
  it("are the known answers of Philox-4x32-10", () => {
    // Of the Random123 distribution, counter 0 and key 0.
    const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual(words);
    for (const got of draw("float64", 4, 0, [0, 0])) {
      expectEqual(
        got,
        words.map((w) => w / 2 ** 32),
        "float64",
      );
    }
    for (const got of draw("float32", 4, 0, [0, 0])) {
      expectEqual(
        got,
        words.map((w) => (w >>> 8) / 2 ** 24),
        "float32",
      );
    }
  });

  it.each([1, 3, 4, 255, 1023, 70_001])("depend on counter, site and key: %i of them", (count) => {
    const site = 0xfedcba98;
    const key = [-559038737, 0x12345678];
    const words: number[] = [];
    for (let block = 0; block * 4 < count; block++) words.push(...philox([block, site, 0, 0], key));
    words.length = count;
    for (const got of draw("float32", count, site, key)) {
      expectEqual(
        got,
        words.map((w) => (w >>> 8) / 2 ** 24),
        "float32",
      );
    }
    for (const got of draw("float64", count, site, key)) {
      expectEqual(
        got,
        words.map((w) => w / 2 ** 32),
        "float64",
      );
    }
  });

  it("stay below one", () => {
    for (const got of draw("float32", 400_000, 3, [1, 2])) {
      let highest = 0;
      let sum = 0;
      for (const x of got) {
        highest = Math.max(highest, x);
        sum += x;
      }
      expect(highest).toBeLessThan(1);
      expect(sum / got.length).toBeCloseTo(0.5, 2);
    }
  });
});
