/** Synthetic systems whose spectrum is known. */
import { describe, expect, test } from "vitest";
import { affine, glocal, last, mean } from "../../lib/index.js";
import { bounds } from "../../lib/verify/synthetic/bound.js";
import { noiseTrials } from "../../lib/verify/synthetic/noise.js";

describe("Theorem 3.1's bound", () => {
  const rows = bounds({ noises: [0, 1e-3], points: [20, 80], stacks: [2, 4], seeds: 3 });

  test("is above the observed error", () => {
    expect(rows.length).toBe(8);
    for (const { error, bound } of rows) expect(error).toBeLessThanOrEqual(bound);
  });

  test("goes down, as the error does, with more points", () => {
    for (const stacks of [2, 4]) {
      const [few, many] = [20, 80].map((points) =>
        rows.find((r) => r.noise > 0 && r.points === points && r.stacks === stacks),
      );
      expect(many?.error).toBeLessThan(few?.error as number);
      expect(many?.bound).toBeLessThan(few?.bound as number);
      expect(many?.apart).toBeLessThan(few?.apart as number);
    }
  });

  test("is nothing but rounding without noise", () => {
    for (const { noise, error, apart } of rows.filter((r) => r.noise === 0)) {
      expect(noise).toBe(0);
      expect(error).toBeLessThan(1e-8);
      expect(apart).toBeLessThan(1e-8);
    }
  });
});

test("without noise fits win, with much of it the mean does where the end is near", () => {
  const rows = noiseTrials(
    { last: last(), mean: mean(10), affine: affine(), robust: glocal({ robust: true }) },
    { noises: [0, 0.2], trials: 5, points: 50, ahead: 200 },
  );
  const of = (spectrum: RegExp, noise: number) =>
    rows.find((r) => spectrum.test(r.spectrum) && r.noise === noise);
  expect(of(/settles slowly/, 0)?.errors.robust).toBeLessThan(1e-6);
  expect(of(/settles slowly/, 0)?.errors.last).toBeGreaterThan(0.1);
  expect(of(/settles fast/, 0.2)?.winner).toMatch(/mean|robust/);
});
