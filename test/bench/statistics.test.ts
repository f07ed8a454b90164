import { expect, test } from "vitest";
import { mean, median, pool, scale, spread } from "../../bench/statistics.js";

test("the median of an even count lies between the middle two, whatever their order", () => {
  expect(median([10, 9, 100])).toBe(10);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(mean([1, 2, 6])).toBe(3);
});

test("a spread has its extremes", () => {
  expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
});

test("pooled spreads keep all extremes and the median of medians", () => {
  const pooled = pool([
    { min: 2, median: 3, max: 9 },
    { min: 1, median: 5, max: 6 },
    { min: 3, median: 4, max: 5 },
  ]);
  expect(pooled).toEqual({ min: 1, median: 4, max: 9 });
});

test("nothing has no median", () => {
  expect(() => median([])).toThrow();
  expect(() => mean([])).toThrow();
});

test("a scaled spread keeps its form", () => {
  expect(scale({ min: 2, median: 4, max: 6 }, 0.5)).toEqual({ min: 1, median: 2, max: 3 });
});
