import fc from "fast-check";
import { expect, test } from "vitest";
import { exactKey } from "../../lib/ir/key.js";

test("keys of numbers are equal exactly when the numbers are the same", () => {
  fc.assert(
    fc.property(fc.double(), fc.double(), (a, b) => {
      expect(exactKey({ value: a }) === exactKey({ value: b })).toBe(Object.is(a, b));
    }),
  );
  const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null];
  expect(new Set(special.map((v) => exactKey([v]))).size).toBe(special.length);
});

test("arrays are named by the caller, or by their size", () => {
  const data = Float32Array.of(1, 2);
  expect(exactKey({ data }, () => "first")).toBe('{"data":"first"}');
  expect(exactKey({ data })).toBe('{"data":"8 bytes"}');
});
