import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shuffledBatches } from "../../lib/data/batches.js";

const sizes = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }))
  .map(([a, b]) => ({ count: Math.max(a, b), batchSize: Math.min(a, b) }));
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("shuffledBatches", () => {
  test("an epoch is the beginning of a permutation, cut into batches", () => {
    fc.assert(
      fc.property(sizes, seeds, fc.integer({ min: 0, max: 50 }), (size, seed, epoch) => {
        const batches = shuffledBatches({ ...size, seed });
        expect(batches.perEpoch).toBe(Math.floor(size.count / size.batchSize));
        const seen: number[] = [];
        for (let i = 0; i < batches.perEpoch; i++) {
          const batch = batches.at(epoch * batches.perEpoch + i);
          expect(batch.length).toBe(size.batchSize);
          seen.push(...batch);
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.every((index) => index >= 0 && index < size.count)).toBe(true);
      }),
    );
  });

  test("steps may be asked for in any order and again", () => {
    fc.assert(
      fc.property(
        sizes,
        seeds,
        fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 20 }),
        (size, seed, steps) => {
          const batches = shuffledBatches({ ...size, seed });
          for (const step of steps) {
            expect(batches.at(step)).toEqual(shuffledBatches({ ...size, seed }).at(step));
          }
        },
      ),
    );
  });

  test("epochs and seeds differ, and a caller may write into a batch", () => {
    const batches = shuffledBatches({ count: 100, batchSize: 100, seed: 0 });
    const first = batches.at(0);
    expect(batches.at(1)).not.toEqual(first);
    expect(shuffledBatches({ count: 100, batchSize: 100, seed: 1 }).at(0)).not.toEqual(first);
    batches.at(0).fill(0);
    expect(batches.at(0)).toEqual(first);
  });

  test("every position is equally likely to get every example", () => {
    const tally = new Float64Array(25);
    const batches = shuffledBatches({ count: 5, batchSize: 5, seed: 1 });
    const rounds = 5000;
    for (let epoch = 0; epoch < rounds; epoch++) {
      batches.at(epoch).forEach((index, position) => {
        tally[5 * position + index] = (tally[5 * position + index] as number) + 1;
      });
    }
    // Five standard deviations of a binomial count around its mean.
    const slack = 5 * Math.sqrt(rounds * 0.2 * 0.8);
    for (const count of tally) expect(Math.abs(count - rounds / 5)).toBeLessThan(slack);
  });

  test("stays what it is: seeds mean the same in every version", () => {
    const batches = shuffledBatches({ count: 10, batchSize: 4, seed: 0 });
    expect([0, 1, 2].map((step) => [...batches.at(step)])).toMatchInlineSnapshot(`
      [
        [
          2,
          9,
          7,
          8,
        ],
        [
          1,
          4,
          3,
          6,
        ],
        [
          0,
          1,
          8,
          6,
        ],
      ]
    `);
  });

  test.each([
    [
      { count: 10, batchSize: 11, seed: 0 },
      /at most 10, the number of training examples but received 11/,
    ],
    [{ count: 10, batchSize: 0, seed: 0 }, /batchSize to be an integer of at least 1/],
    [{ count: 10, batchSize: 2.5, seed: 0 }, /batchSize/],
    [{ count: 0, batchSize: 1, seed: 0 }, /count/],
    [{ count: 10, batchSize: 2, seed: -1 }, /seed/],
  ])("refuses %o", (options, message) => {
    expect(() => shuffledBatches(options)).toThrowError(
      expect.objectContaining({
        code: "GLOCAL_BAD_OPTION",
        message: expect.stringMatching(message),
      }),
    );
  });

  test("refuses a step that is none", () => {
    const batches = shuffledBatches({ count: 10, batchSize: 4, seed: 0 });
    expect(() => batches.at(-1)).toThrowError(/step to be an integer of at least 0/);
  });
});
