/**
 * The fit against numbers made with NumPy (`numpy.linalg.svd`, `eig`, `lstsq`).
 *
 * How exact an eigenvalue can be: K̃ is known to about eps · σ₁/σ_r, and by Bauer and Fike its
 * eigenvalues to cond(W) times that. Where ten times the product is below 1e-8 a case counts as
 * well conditioned and is held to 1e-8; elsewhere (defective or nearly so) to the bound itself.
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { complexPairs, type Dmd, hankel } from "../../lib/koopman/index.js";
import {
  type Complex,
  dmdBy,
  libraries,
  relativeError,
  snapshotsOf,
  spectrumError,
} from "./support.js";

interface Golden {
  rank: number | null;
  rcond: number;
  tol: number;
  r: number;
  singular_values: number[];
  eig_re: number[];
  eig_im: number[];
  spectral_radius: number;
  clamped_re: number[];
  clamped_im: number[];
  selected: boolean[];
}

interface MatrixGolden extends Golden {
  S: number[][];
  cond_W: number;
  steady_exact: number[];
  steady_projected_schur: number[];
  true_fixed_part: number[] | null;
}

interface TrajectoryGolden extends Golden {
  m: number;
  sigma: number;
  fallback: boolean;
  glocal: number[];
  mode_contrib_re: number[][];
  mode_contrib_im: number[][];
}

function load<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`../goldens/${name}`, import.meta.url), "utf8"));
}

function pairs(re: readonly number[], im: readonly number[]): Complex[] {
  return re.map((value, k) => [value, im[k] as number]);
}

function fitOptions(golden: Golden) {
  return { rcond: golden.rcond, ...(golden.rank === null ? {} : { rank: golden.rank }) };
}

function expectFit(fit: Dmd, golden: Golden, tolerance: number) {
  expect(fit.rank).toBe(golden.r);
  expect(relativeError(fit.singularValues, golden.singular_values)).toBeLessThan(1e-12);
  const found = complexPairs(fit.eigenvalues);
  expect(spectrumError(found, pairs(golden.eig_re, golden.eig_im))).toBeLessThan(tolerance);

  const steady = fit.steadyState({ tolerance: golden.tol });
  const radius = Math.max(1, golden.spectral_radius);
  expect(Math.abs(steady.clamp - radius)).toBeLessThan(tolerance * radius);
  expect(
    spectrumError(complexPairs(steady.eigenvalues), pairs(golden.clamped_re, golden.clamped_im)),
  ).toBeLessThan(tolerance);
  expect(steady.kept).toBe(golden.selected.filter(Boolean).length);
  return steady;
}

/** Mode k times its amplitude, which no scaling changes. */
function contribution(fit: Dmd, k: number): number[] {
  const [re, im] = [fit.amplitudes[2 * k] as number, fit.amplitudes[2 * k + 1] as number];
  const mode = complexPairs(fit.modes[k] as Float64Array);
  return mode.flatMap(([a, b]) => [a * re - b * im, a * im + b * re]);
}

describe.each(libraries)("matrices by %s", (library) => {
  const dmd = dmdBy(library);

  for (const [name, golden] of Object.entries(
    load<Record<string, MatrixGolden>>("dmd_small.json"),
  )) {
    const kept = golden.singular_values.slice(0, golden.r);
    const spread = (kept[0] as number) / (kept.at(-1) as number);
    const bound = 10 * Number.EPSILON * golden.cond_W * spread;
    const wellConditioned = bound < 1e-8;
    const tolerance = wellConditioned ? 1e-8 : bound;

    test(`${name} (${wellConditioned ? "well" : "ill"} conditioned)`, () => {
      const fit = dmd(snapshotsOf(golden.S), fitOptions(golden));
      const steady = expectFit(fit, golden, tolerance);
      if (wellConditioned) {
        const found = complexPairs(fit.eigenvalues);
        expect(found.map(([re]) => re)).toEqual(golden.eig_re.map((re) => expect.closeTo(re, 8)));
        expect(found.map(([, im]) => im)).toEqual(golden.eig_im.map((im) => expect.closeTo(im, 8)));
        expect(steady.selected).toEqual(golden.selected);
      }
      if (steady.value === null) {
        expect(golden.steady_exact.every((value) => value === 0)).toBe(true);
      } else {
        expect(relativeError(steady.value, golden.steady_exact)).toBeLessThan(tolerance);
      }
    });

    // An ordered Schur form and a Sylvester equation need no eigenvectors: no bound on their condition.
    test(`${name}, projected`, () => {
      const fit = dmd(snapshotsOf(golden.S), { ...fitOptions(golden), variant: "projected" });
      const { value } = fit.steadyState({ tolerance: golden.tol });
      if (value === null) {
        expect(golden.steady_projected_schur.every((entry) => entry === 0)).toBe(true);
      } else {
        expect(relativeError(value, golden.steady_projected_schur)).toBeLessThan(1e-8);
      }
    });
  }
});

const trajectories = libraries.flatMap((library) =>
  ["mlp_hpo.json", "cnn_hpo.json"].map((file) => [file, library] as const),
);

describe.each(trajectories)("hypergradients of %s by %s", (file, library) => {
  const dmd = dmdBy(library);
  const { hypergrad, dmd: cases } = load<{ hypergrad: number[][]; dmd: TrajectoryGolden[] }>(file);

  for (const golden of cases) {
    const { m, sigma, rank, tol } = golden;

    test(`stacks ${m}, last ${sigma}, rank ${rank}, tolerance ${tol}`, () => {
      const last = hypergrad.slice(-sigma);
      const features = last[0]?.length as number;
      const rows = Array.from({ length: features }, (_, i) => last.map((h) => h[i] as number));
      const fit = dmd(snapshotsOf(rows), { ...fitOptions(golden), stacks: m });
      const steady = expectFit(fit, golden, 1e-8);

      expect(steady.value === null).toBe(golden.fallback);
      if (steady.value !== null) {
        expect(relativeError(steady.value, golden.glocal)).toBeLessThan(1e-8);
      }
      for (const [k, value] of complexPairs(fit.eigenvalues).entries()) {
        const expected = pairs(golden.eig_re, golden.eig_im);
        const same = expected.findIndex((other) => spectrumError([value], [other]) < 1e-8);
        const found = contribution(fit, k).slice(0, 2 * features);
        const reference = pairs(
          golden.mode_contrib_re[same] as number[],
          golden.mode_contrib_im[same] as number[],
        );
        expect(relativeError(found, reference.flat())).toBeLessThan(1e-7);
      }
    });
  }
});

// Coordinates differ, in which round-off happens: to 1e-12, and modes with their amplitudes.
test.each(libraries)("stacking by hand and by option agree, by %s", (library) => {
  const dmd = dmdBy(library);
  const rows = [
    [1, 2, 4, 7, 9, 15],
    [0, -1, 1, 3, 2, 8],
  ];
  const byOption = dmd(snapshotsOf(rows), { stacks: 2 });
  const byHand = dmd(hankel(snapshotsOf(rows), 2));
  expect(relativeError(byOption.eigenvalues, byHand.eigenvalues)).toBeLessThan(1e-12);
  expect(byOption.modes).toHaveLength(byHand.modes.length);
  byOption.modes.forEach((_, k) => {
    expect(relativeError(contribution(byOption, k), contribution(byHand, k))).toBeLessThan(1e-12);
  });
});
