/** Into how many blocks and parts a batch is cut. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BlockSizes, chooseBlocks, type RegionCost } from "../../../lib/lower/batch/sizes.js";

const MIB = 2 ** 20;

/** Much work, little memory. */
const busy = { examples: 128, exampleBytes: 1, exampleFlops: 1e9, sumBytes: 1 };

/** Of a region that is cut. */
function sizesOf(cost: RegionCost): BlockSizes {
  const chosen = chooseBlocks(cost);
  if (typeof chosen === "string") throw new Error(`not cut: ${chosen}`);
  return chosen;
}

const cost: fc.Arbitrary<RegionCost> = fc.record({
  examples: fc.integer({ min: 2, max: 3000 }),
  exampleBytes: fc.oneof(fc.integer({ min: 0, max: 1e5 }), fc.integer({ min: 0, max: 1e9 })),
  exampleFlops: fc.integer({ min: 0, max: 1e9 }),
  sumBytes: fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e10 })),
});

describe("chooseBlocks", () => {
  test("cuts a batch into blocks of one size, and hands every part at least one", () => {
    fc.assert(
      fc.property(cost, (c) => {
        const chosen = chooseBlocks(c);
        if (typeof chosen === "string") return;
        const { size, parts } = chosen;
        expect(c.examples % size).toBe(0);
        expect(Number.isInteger(parts)).toBe(true);
        expect(parts).toBeGreaterThanOrEqual(1);
        expect(parts).toBeLessThanOrEqual(Math.min(16, c.examples / size));
      }),
    );
  });

  test("keeps blocks within a cache or down to four examples, and sums within a quarter of a GiB unless one part is more", () => {
    fc.assert(
      fc.property(cost, (c) => {
        const chosen = chooseBlocks(c);
        if (typeof chosen === "string") return;
        const { size, parts } = chosen;
        if (size > 4) expect(size * c.exampleBytes).toBeLessThanOrEqual(1.25 * MIB);
        if (size > 1) expect(size * c.exampleBytes).toBeLessThanOrEqual(64 * MIB);
        if (parts > 1) expect(parts * c.sumBytes).toBeLessThanOrEqual(256 * MIB);
      }),
    );
  });

  test("has a part for each of 16 processors where the batch allows it", () => {
    expect(chooseBlocks(busy)).toEqual({ size: 8, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 100 })).toEqual({ size: 5, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 6 })).toEqual({ size: 1, parts: 6 });
  });

  test("makes blocks smaller as examples need more memory, down to four if they need no more than 64 MiB", () => {
    const sizeFor = (exampleBytes: number) => sizesOf({ ...busy, exampleBytes }).size;
    expect([0.1, 0.3, 0.6, 4, 16, 17, 32, 33, 64].map((m) => sizeFor(m * MIB))).toEqual([
      8, 4, 4, 4, 4, 2, 2, 1, 1,
    ]);
  });

  test("leaves a batch whole whose examples fit no cache, if it fits 4 GiB", () => {
    const chosen = (examples: number) =>
      chooseBlocks({ ...busy, examples, exampleBytes: 100 * MIB });
    expect(chosen(40)).toBe("large examples");
    expect(chosen(41)).toEqual({ size: 1, parts: 16 });
    expect(chosen(1000)).toEqual({ size: 1, parts: 16 });
  });

  test("makes fewer parts as sums need more memory", () => {
    const partsFor = (sumBytes: number) => sizesOf({ ...busy, sumBytes }).parts;
    expect([16, 32, 100, 256, 1000].map((m) => partsFor(m * MIB))).toEqual([16, 8, 2, 1, 1]);
  });

  test("leaves little work as it is", () => {
    expect(chooseBlocks({ ...busy, exampleFlops: 31_249 })).toBe("little work");
    expect(chooseBlocks({ ...busy, exampleFlops: 31_250 })).toEqual({ size: 8, parts: 16 });
  });

  test("runs a prime number of examples one by one when all together are too many", () => {
    expect(chooseBlocks({ ...busy, examples: 127 })).toEqual({ size: 1, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 2 })).toEqual({ size: 1, parts: 2 });
  });
});
