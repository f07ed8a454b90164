/** Into how many blocks and parts a batch is cut. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseBlocks, type RegionCost } from "../../../lib/lower/batch/sizes.js";

const MIB = 2 ** 20;

/** Much work, little memory. */
const busy = { examples: 128, exampleBytes: 1, exampleFlops: 1e9, sumBytes: 1 };

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
        if (!chosen) return;
        const { size, parts } = chosen;
        expect(c.examples % size).toBe(0);
        expect(Number.isInteger(parts)).toBe(true);
        expect(parts).toBeGreaterThanOrEqual(1);
        expect(parts).toBeLessThanOrEqual(Math.min(16, c.examples / size));
      }),
    );
  });

  test("keeps blocks within a cache unless one example is more, and sums within a quarter of a GiB unless one part is more", () => {
    fc.assert(
      fc.property(cost, (c) => {
        const chosen = chooseBlocks(c);
        if (!chosen) return;
        const { size, parts } = chosen;
        if (size > 1) expect(size * c.exampleBytes).toBeLessThanOrEqual(3 * MIB);
        if (parts > 1) expect(parts * c.sumBytes).toBeLessThanOrEqual(256 * MIB);
      }),
    );
  });

  test("has a part for each of 16 processors where the batch allows it", () => {
    expect(chooseBlocks(busy)).toEqual({ size: 8, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 100 })).toEqual({ size: 5, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 6 })).toEqual({ size: 1, parts: 6 });
  });

  test("makes blocks smaller as examples need more memory", () => {
    const sizeFor = (exampleBytes: number) => chooseBlocks({ ...busy, exampleBytes })?.size;
    expect([0.1, 0.3, 0.6, 1, 4, 50].map((m) => sizeFor(m * MIB))).toEqual([8, 4, 2, 1, 1, 1]);
  });

  test("leaves a batch whole whose examples fit no cache", () => {
    expect(chooseBlocks({ ...busy, exampleBytes: 100 * MIB })).toBeUndefined();
  });

  test("makes fewer parts as sums need more memory", () => {
    const partsFor = (sumBytes: number) => chooseBlocks({ ...busy, sumBytes })?.parts;
    expect([16, 32, 100, 256, 1000].map((m) => partsFor(m * MIB))).toEqual([16, 8, 2, 1, 1]);
  });

  test("leaves little work as it is", () => {
    expect(chooseBlocks({ ...busy, exampleFlops: 31_249 })).toBeUndefined();
    expect(chooseBlocks({ ...busy, exampleFlops: 31_250 })).toBeDefined();
  });

  test("runs a prime number of examples one by one when all together are too many", () => {
    expect(chooseBlocks({ ...busy, examples: 127 })).toEqual({ size: 1, parts: 16 });
    expect(chooseBlocks({ ...busy, examples: 2 })).toEqual({ size: 1, parts: 2 });
  });
});
