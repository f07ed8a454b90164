import { expect, test } from "vitest";
import { formatDuration, formatHyper, formatNumber, formatPercent } from "../../lib/cli/format.js";

test.each([
  [0.123456, "0.1235"],
  [1e-4, "0.0001"],
  [1.23456e-9, "1.235e-9"],
  [12345.6, "12350"],
  [0, "0"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
  [null, "–"],
  [undefined, "–"],
])("formatNumber(%s) is %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("formatHyper sums a vector up", () => {
  expect(formatHyper(0.5)).toBe("0.5");
  expect(formatHyper([3, -1, 2])).toBe("3 values in -1 … 3");
});

test("formatPercent has two decimals", () => {
  expect(formatPercent(0.98765)).toBe("98.77 %");
  expect(formatPercent(undefined)).toBe("–");
});

test.each([
  [0, "0s"],
  [59.4, "59s"],
  [59.6, "1m 00s"],
  [65, "1m 05s"],
  [3599.7, "1h 00m"],
  [7384, "2h 03m"],
])("formatDuration(%s) is %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
