/** What the policies make of spectra that are known, also of those without enough eigenvectors. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  complexPairs,
  dmd,
  type Snapshots,
  type SteadyStateOptions,
} from "../../lib/koopman/index.js";
import type { HostMatrix } from "../../lib/koopman/linalg/algebra.js";
import {
  asComplex,
  multiply,
  norm,
  plus,
  realMatrix,
  realPartOf,
} from "../../lib/koopman/linalg/host-matrix.js";
import { lapack } from "../../lib/koopman/linalg/lapack.js";
import {
  applyBlocks,
  clustersOf,
  meanOfPowers,
  power,
  splitOperator,
} from "../../lib/koopman/policies/blocks.js";
import { nearestStable } from "../../lib/koopman/policies/stable.js";
import { spectralRadius } from "../../lib/koopman/spectrum.js";
import { normal } from "./signals.js";
import { relativeError, snapshotsOf, trajectory } from "./support.js";

function matrixOf(rows: readonly (readonly number[])[]): HostMatrix {
  const n = rows.length;
  return realMatrix(
    Float64Array.from({ length: n * n }, (_, at) => rows[at % n]?.[Math.floor(at / n)] as number),
    n,
    n,
  );
}

const vector = (values: readonly number[]) =>
  realMatrix(Float64Array.from(values), values.length, 1);

function random(n: number, seed: number): HostMatrix {
  const draw = normal(seed);
  return realMatrix(Float64Array.from({ length: n * n }, draw), n, n);
}

describe("blocks", () => {
  test("add up to the operator, and to its powers, for any grouping", () => {
    for (const seed of [1, 2, 3]) {
      const a = random(7, seed);
      const blocks = splitOperator(a, (values) =>
        Array.from({ length: values.length / 2 }, (_, k) => (k * seed) % 3),
      );
      expect(blocks.map(({ triangle }) => triangle.rows).reduce((x, y) => x + y)).toBe(7);
      const state = vector([1, -2, 3, 0, 1, 1, 5]);
      for (const k of [1, 5]) {
        const found = applyBlocks(blocks, state, ({ triangle }) => power(triangle, k));
        const expected = asComplex(multiply(power(a, k), state));
        expect(relativeError(found.data, expected.data)).toBeLessThan(1e-10);
      }
    }
  });

  test("a defective triple stays together", () => {
    // 0.9 three times in one Jordan block, behind a change of basis.
    const jordan = matrixOf([
      [0.9, 1, 0, 0],
      [0, 0.9, 1, 0],
      [0, 0, 0.9, 0],
      [0, 0, 0, 0.2],
    ]);
    const basis = random(4, 5);
    const inverse = realPartOf(lapack.leastSquares(basis, power(basis, 0), 1e-14));
    const a = multiply(multiply(basis, jordan), inverse);
    const blocks = splitOperator(a, clustersOf);
    expect(blocks.map(({ triangle }) => triangle.rows).toSorted()).toEqual([1, 3]);
    const state = vector([1, 1, 1, 1]);
    const found = applyBlocks(blocks, state, ({ triangle }) => power(triangle, 30));
    const expected = multiply(multiply(basis, power(jordan, 30)), multiply(inverse, state));
    expect(relativeError(found.data, asComplex(expected).data)).toBeLessThan(1e-9);
  });

  test("means of powers at 1, near it, and with k beyond what sums could do term by term", () => {
    const mean = (value: number, first: number, count: number) =>
      meanOfPowers(matrixOf([[value]]), first, count).data[0] as number;
    expect(mean(1, 1, 12345)).toBe(1);
    for (const value of [1 - 1e-12, 1 - 1e-6, 0.99, 0.5, -0.9]) {
      for (const count of [1, 2, 3, 1000, 1_000_000]) {
        // λ (1 − λᵏ) / (1 − λ), with 1 − λᵏ by expm1 where λ is near 1.
        const gap = 1 - value;
        const lost = value > 0 ? -Math.expm1(count * Math.log1p(-gap)) : 1 - value ** count;
        const expected = (value * lost) / gap / count;
        expect(Math.abs(mean(value, 1, count) / expected - 1)).toBeLessThan(1e-9);
      }
    }
    expect(mean(0.5, 0, 3)).toBeCloseTo((1 + 0.5 + 0.25) / 3, 15);
  });
});

/** Σ over j < n of C(k, j) · ‖N‖ʲ · ρᵏ⁻ʲ. */
function henrici(k: number, n: number, departure: number, rho: number): number {
  let [sum, term] = [0, rho ** k];
  for (let j = 0; j < n; j++) {
    sum += term;
    term *= ((k - j) / (j + 1)) * (departure / rho);
  }
  return sum;
}

describe("nearest stable operator", () => {
  const radius = (a: HostMatrix) => spectralRadius(lapack.eigen(a).values);

  test("a stable one stays", () => {
    // Not normal: its norm is 5, its spectrum inside the disc.
    const a = matrixOf([
      [0.5, 5],
      [0, 0.9],
    ]);
    expect(norm(plus(nearestStable(a), a, -1))).toBeLessThan(1e-14);
  });

  test("a normal one loses what is outside, and no more", () => {
    const a = matrixOf([
      [1.3, 0, 0],
      [0, -1.1, 0],
      [0, 0, 0.4],
    ]);
    const expected = matrixOf([
      [1, 0, 0],
      [0, -1, 0],
      [0, 0, 0.4],
    ]);
    expect(norm(plus(nearestStable(a), expected, -1))).toBeLessThan(1e-12);
  });

  test("[1 a; b 1] at its closed form", () => {
    // Eigenvalues 1 ± √(ab). Noferini and Poloni's own kind of example: far from normal, a small entry is what to move.
    const a = matrixOf([
      [0.9, 4],
      [0.01, 0.9],
    ]);
    const found = nearestStable(a);
    expect(radius(found)).toBeLessThan(1 + 1e-7);
    // Clearing the entry is one stable matrix, 0.01 away; moving the eigenvalue 1.1 alone is farther.
    expect(norm(plus(found, a, -1))).toBeLessThan(0.01);
  });

  test("random ones: stable, and never farther than clipping the Schur form", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 6 }), (seed, n) => {
        const a = random(n, seed);
        const found = nearestStable(a);
        // Eigenvalues on the circle may be defective: found to the n-th root of ε.
        const limit = 1 + 10 * Number.EPSILON ** (1 / n);
        expect(radius(found)).toBeLessThan(limit);
        // On the circle, a Jordan block still grows, but as a polynomial: Henrici's bound by the Schur form D + N.
        expect(norm(power(found, 200))).toBeLessThan(n * henrici(200, n, norm(found), limit));
        const values = lapack.eigen(a).values;
        const clipped = Math.hypot(
          ...complexPairs(values).map(([re, im]) => Math.max(0, Math.hypot(re, im) - 1)),
        );
        expect(norm(plus(found, a, -1))).toBeLessThanOrEqual(clipped * (1 + 1e-9) + 1e-13);
      }),
      { numRuns: 40 },
    );
  });
});

describe("policies", () => {
  const given = (time: number) =>
    trajectory(4, time, (i, t) => {
      const [a, b, c] = [Math.cos(i), Math.sin(2 * i + 1), Math.cos(3 * i + 2)];
      return a + b * 0.98 ** t + c * 0.97 ** t * Math.cos(0.6 * t + i);
    });
  const at = (t: number) => {
    const { data } = given(t + 1);
    return Array.from({ length: 4 }, (_, i) => data[i * (t + 1) + t] as number);
  };

  test.each([1, 2, 17, 400])(
    "horizon and project of a stable system are the truth, %i steps on",
    (steps) => {
      for (const options of [
        {},
        { stacks: 3 },
        { variant: "projected" },
        { variant: "affine" },
      ] as const) {
        const fit = dmd(given(25), options);
        for (const policy of ["horizon", "project"] as const) {
          const { value, kept, clamp } = fit.steadyState({ policy, steps });
          expect(relativeError(value ?? [], at(24 + steps))).toBeLessThan(1e-7);
          expect(kept).toBe(fit.eigenvalues.length / 2);
          expect(clamp).toBeCloseTo(1, 9);
        }
      }
    },
  );

  test.each([1, 7, 300])("average is the mean of the truth over %i steps", (steps) => {
    const mean = [0, 0, 0, 0];
    for (let k = 1; k <= steps; k++) {
      at(24 + k).forEach((value, i) => {
        mean[i] = (mean[i] as number) + value / steps;
      });
    }
    const { value } = dmd(given(25), { stacks: 2 }).steadyState({ policy: "average", steps });
    expect(relativeError(value ?? [], mean)).toBeLessThan(1e-7);
  });

  test("what grows is held where it is", () => {
    const fit = dmd(trajectory(2, 8, (i, t) => (i + 1) * 1.2 ** t + (i ? 0.5 ** t : 0)));
    const now = [1.2 ** 7, 2 * 1.2 ** 7];
    for (const policy of ["horizon", "average"] as const) {
      const { value, clamp, eigenvalues } = fit.steadyState({ policy, steps: 1000 });
      expect(clamp).toBeCloseTo(1.2, 10);
      expect(eigenvalues[0]).toBeCloseTo(1, 14);
      expect(relativeError(value ?? [], now)).toBeLessThan(1e-2);
    }
  });

  test("a linear trend is a defective eigenvalue 1: horizon follows it", () => {
    const trend = trajectory(3, 12, (i, t) => i + 1 + (2 - i) * t);
    for (const options of [{}, { stacks: 2 }, { stacks: 2, variant: "projected" }] as const) {
      const fit = dmd(trend, options);
      const { value } = fit.steadyState({ policy: "horizon", steps: 100 });
      const expected = [0, 1, 2].map((i) => i + 1 + (2 - i) * 111);
      expect(relativeError(value ?? [], expected)).toBeLessThan(1e-5);
      const mean = fit.steadyState({ policy: "average", steps: 99 }).value ?? [];
      const middle = [0, 1, 2].map((i) => i + 1 + (2 - i) * 61);
      expect(relativeError(mean, middle)).toBeLessThan(1e-5);
    }
  });

  test("nearly repeated eigenvalues, at any distance, do not blow up", () => {
    for (const gap of [0, 1e-15, 1e-12, 1e-9, 1e-7, 1e-5, 3e-5, 1e-3]) {
      // ((0.9 + gap)ᵗ − 0.9ᵗ) / gap without its cancellation; t 0.9ᵗ⁻¹ in the limit.
      const near = (t: number) =>
        Array.from({ length: t }, (_, k) => (0.9 + gap) ** k * 0.9 ** (t - 1 - k)).reduce(
          (sum, value) => sum + value,
          0,
        );
      const fit = dmd(
        trajectory(3, 14, (i, t) => 1 + i * 0.9 ** t + (i * i - 1) * near(t)),
        { rcond: 1e-13 },
      );
      const settled = fit.steadyState({ tolerance: 0.05 });
      expect(relativeError(settled.value ?? [], [1, 1, 1])).toBeLessThan(1e-6);
      const { value } = fit.steadyState({ policy: "horizon", steps: 500 });
      expect(relativeError(value ?? [], [1, 1, 1])).toBeLessThan(1e-6);
    }
  });

  test("the paper's rule: the mean of a cluster decides for all of it", () => {
    // A defective pair astride the tolerance: half of it would be 1e7 times the signal.
    const fit = dmd(trajectory(2, 12, (i, t) => (i + t) * 0.9 ** t));
    const [one, other] = complexPairs(fit.eigenvalues);
    const gap = Math.hypot((one?.[0] as number) - (other?.[0] as number), 0);
    expect(gap).toBeLessThan(1e-6);
    const { kept, value } = fit.steadyState({ tolerance: 0.1 });
    expect([0, 2]).toContain(kept);
    if (value) {
      expect(Math.hypot(...value)).toBeLessThan(10);
    }
  });

  test("fixed points, whatever else is in the spectrum", () => {
    // x′ = A x + c with an eigenvalue that grows and one that turns.
    const centre = [3, -1, 2];
    const fit = dmd(
      trajectory(3, 12, (i, t) => (centre[i] as number) + [1.1 ** t, (-0.8) ** t, 0.3 ** t][i]!),
      { variant: "affine" },
    );
    expect(fit.eigenvalues.length / 2).toBe(4);
    const { value } = fit.steadyState({ policy: "fixed-point" });
    expect(relativeError(value ?? [], centre)).toBeLessThan(1e-9);
  });

  test("a walk at constant speed has no fixed point", () => {
    const walks = [
      trajectory(1, 9, (_, t) => 5 + 3 * t),
      trajectory(3, 10, (i, t) => i + 1 + (2 - i) * t),
      trajectory(3, 10, (i, t) => 0.1 * (i + 1) + 0.37 * (i - 2) * t),
      trajectory(2, 10, (i, t) => Math.sin(i + 1) + (Math.cos(i) * t) / 7),
      trajectory(2, 20, (i, t) => 1e6 * i + (i + 1) * t + (i ? 1 : -1) * 0.5 ** t),
    ];
    for (const walk of walks) {
      const fit = dmd(walk, { variant: "affine" });
      const { value, kept, selected } = fit.steadyState("fixed-point");
      expect({ value, kept }).toEqual({ value: null, kept: 0 });
      expect(selected).not.toContain(true);
    }
    const ahead = dmd(walks[0] as Snapshots, { variant: "affine" }).steadyState({
      policy: "horizon",
      steps: 10,
    });
    expect(ahead.value?.[0]).toBeCloseTo(5 + 3 * 18, 6);
  });

  test("what comes to rest slowly has a fixed point, however slowly", () => {
    for (const rate of [0.9, 0.99, 1 - 1e-4, 1 - 1e-6]) {
      const fit = dmd(
        trajectory(2, 12, (i, t) => i + 2 - (i + 1) * rate ** t),
        { variant: "affine" },
      );
      // What is left of the digits when (1 − λ) is divided by.
      expect(relativeError(fit.steadyState("fixed-point").value ?? [], [2, 3])).toBeLessThan(
        1e-14 / (1 - rate) ** 2,
      );
    }
  });

  test("where several points are fixed, the last trajectory stays on its own", () => {
    // x₀ is whatever it was at the start; x₁ decays to 4.
    const from = (start: number) =>
      trajectory(2, 10, (i, t) => (i === 0 ? start : 4 + start * 0.5 ** t));
    const fit = dmd([from(1), from(3), from(7)], { variant: "affine" });
    const { value, kept } = fit.steadyState("fixed-point");
    expect(kept).toBe(3);
    expect(relativeError(value ?? [], [7, 4])).toBeLessThan(1e-12);
  });

  test("affine fits say the same of data of any size", () => {
    const centre = [3, -1, 2];
    const rates = [0.95, -0.8, 0.3];
    const state = (t: number) =>
      centre.map((c, i) => c + (rates[i] as number) ** t + 0.2 * 0.95 ** t);
    for (const size of [1e-150, 1e-8, 1, 1e8, 1e16, 1e100]) {
      const fit = dmd(
        trajectory(3, 16, (i, t) => size * (state(t)[i] as number)),
        { variant: "affine" },
      );
      const answers: [SteadyStateOptions, number[]][] = [
        [{ tolerance: 0.01 }, centre],
        [{ policy: "horizon", steps: 30 }, state(45)],
        [{ policy: "project", steps: 30 }, state(45)],
        [{ policy: "fixed-point" }, centre],
      ];
      for (const [options, expected] of answers) {
        const { value } = fit.steadyState(options);
        expect(
          relativeError(
            (value ?? []).map((part) => part / size),
            expected,
          ),
        ).toBeLessThan(1e-12);
      }
    }
  });

  test("project does not grow with a Jordan block that it made itself", () => {
    // The paper's window at 20 % noise: of 150 seeds those where the nearest stable operator grows most, up to 3,900 times.
    for (const seed of [49, 52, 85, 98, 115]) {
      const draw = normal(seed);
      const given = trajectory(
        3,
        10,
        (i, t) => (i + 1) * (1 + 0.5 * 0.9 ** t) * (1 + 0.2 * draw()),
      );
      const fit = dmd(given, { stacks: 4 });
      const size = Math.max(Math.hypot(...given.data), Math.hypot(...fit.reconstruct().data));
      for (const steps of [50, 400, 10_000]) {
        const { value } = fit.steadyState({ policy: "project", steps });
        expect(Math.hypot(...(value ?? [Number.NaN]))).toBeLessThan(10 * size);
      }
    }
  });

  test("bagged: means with a deviation", () => {
    const noisy = given(40);
    const draw = normal(2);
    const fit = dmd(
      { ...noisy, data: noisy.data.map((value) => value + 0.01 * draw()) },
      { variant: "bagged", trials: 20, rank: 4 },
    );
    const { value, deviation } = fit.steadyState({ policy: "horizon", steps: 5 });
    expect(relativeError(value ?? [], at(44))).toBeLessThan(0.1);
    expect(deviation).toHaveLength(4);
    expect(Math.min(...(deviation ?? []))).toBeGreaterThan(0);
    expect(Math.max(...(deviation ?? []))).toBeLessThan(0.2);
  });

  test("any finite trajectory: every policy answers with finite numbers that do not run away", () => {
    const entry = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 100);
    const cases = fc
      .record({ features: fc.integer({ min: 1, max: 4 }), time: fc.integer({ min: 3, max: 9 }) })
      .chain(({ features, time }) =>
        fc.record({
          rows: fc.array(fc.array(entry, { minLength: time, maxLength: time }), {
            minLength: features,
            maxLength: features,
          }),
          stacks: fc.integer({ min: 1, max: time - 1 }),
          variant: fc.constantFrom("exact", "projected", "affine", "forward-backward" as const),
        }),
      );
    fc.assert(
      fc.property(cases, ({ rows, stacks, variant }) => {
        const fit = dmd(snapshotsOf(rows), { stacks, variant });
        // Clusters are cut at the cost of four digits; a defective 1 grows as a polynomial of the steps.
        const size = Math.hypot(...rows.flat(), ...fit.reconstruct().data);
        const policies: SteadyStateOptions[] = [
          { policy: "horizon", steps: 50 },
          { policy: "average", steps: 50 },
          { policy: "project", steps: 50 },
        ];
        for (const options of policies) {
          const { value, eigenvalues } = fit.steadyState(options);
          expect(value).toHaveLength(rows.length);
          expect(value?.every(Number.isFinite)).toBe(true);
          expect(Math.hypot(...(value ?? []))).toBeLessThanOrEqual(1e4 * size);
          if (options.policy !== "project") {
            for (const [re, im] of complexPairs(eigenvalues)) {
              expect(Math.hypot(re, im)).toBeLessThanOrEqual(1 + 1e-12);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
