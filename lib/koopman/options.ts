/** What `dmd` can be told, and which of it goes together. */

import { bad, check, oneOf, requireObject, whole } from "./checks.js";
import type { LinalgOptions } from "./linalg/choose.js";
import type { SnapshotsInput } from "./snapshots.js";
import type { Rank } from "./truncation.js";

export const VARIANTS = [
  "exact",
  "projected",
  "hodmd",
  "forward-backward",
  "total-least-squares",
  "affine",
  "subspace",
  "optimized",
  "bagged",
] as const;

/**
 * How the operator is fitted.
 *
 * | variant | what it does | choose it when | source |
 * | --- | --- | --- | --- |
 * | `"exact"` (default) | least squares, modes Y V Σ⁻¹ W | data are clean | Tu et al. 2014 |
 * | `"projected"` | the same eigenvalues, modes U W | modes should stay in X's span | Schmid 2010 |
 * | `"hodmd"` | truncates in space, stacks, truncates again; amplitudes from all snapshots | few features, many frequencies | Le Clainche and Vega 2017 |
 * | `"forward-backward"` | the mean of the fit and of the inverse of the fit backwards | measurements are noisy | Dawson et al. 2016 |
 * | `"total-least-squares"` | projects X and Y together on their leading directions in time | measurements are noisy and `rank` is known | Hemati et al. 2017 |
 * | `"affine"` | x′ = A x + c: λ = 1 is there by construction | there is a fixed point away from 0 | Hirsh et al. 2020 |
 * | `"subspace"` | projects the future on the past | the system itself is driven by noise | Takeishi et al. 2017 |
 * | `"optimized"` | fits Σ ξ λᵗ b to all snapshots at once | the best fit is worth an iteration | Askham and Kutz 2018 |
 * | `"bagged"` | that many times, on random parts of the snapshots | a spread is wanted | Sashidhar and Kutz 2022 |
 */
export type Variant = (typeof VARIANTS)[number];

/** `"stable"`: |λ| ≤ 1. `"conjugate-pairs"`: λ real or in conjugate pairs, as real data have them. */
export type Constraint = "stable" | "conjugate-pairs";

export interface DmdOptions extends LinalgOptions {
  /** Default `"exact"`. */
  readonly variant?: Variant;
  /** Consecutive snapshots stacked into one column (Hankel DMD, eq. 24); default 1: none. */
  readonly stacks?: number;
  /** How many singular values are kept; default: as many as `rcond` allows. */
  readonly rank?: Rank;
  /** Snapshots are first cut to this many directions in space, before stacking. Default: not cut; for `"hodmd"` by `rcond` alone. */
  readonly spatialRank?: Rank;
  /** Singular values at or below `rcond` times the largest are dropped; from 0 to 1, default 1e-10. */
  readonly rcond?: number;
  /** Ridge μ ≥ 0 relative to the largest singular value: 1/σ becomes σ / (σ² + μ σ₁²). Default 0. */
  readonly tikhonov?: number;
  /**
   * What amplitudes are fitted to: `"first"` (default) the first column, `"all"` every column (Jovanović
   * et al. 2014), the default of `"hodmd"`. `"optimized"` and `"bagged"` always fit all; with control the trajectory starts
   * from the first column as it is, and amplitudes are the second's.
   */
  readonly amplitudes?: "first" | "all";
  /**
   * One for each trajectory, above 0: how much its steps count in the sum of squares. γ^age, the
   * newest last with 1, forgets exponentially. Default: all 1.
   */
  readonly weights?: readonly number[];
  /**
   * Known inputs u of x′ = A x + B u (Proctor et al. 2016), real, [inputs, time] for each
   * trajectory: column t acts between the snapshots t and t + 1, so that the last one only says what
   * is held afterwards. For `"exact"` and `"affine"`. Inputs are neither truncated nor regularised.
   */
  readonly control?: SnapshotsInput | readonly SnapshotsInput[];
  /** For `"optimized"` and `"bagged"`. Default: none. */
  readonly constraints?: readonly Constraint[];
  /** Of `"optimized"`, and of each trial of `"bagged"`. Default 100. */
  readonly maxIterations?: number;
  /** Fits of `"bagged"`, at least 2. Default 100. */
  readonly trials?: number;
  /** Part of the columns that a trial sees, from 0 to 1. Default 0.6. */
  readonly trialSize?: number;
  /** Of the random choice of columns; a whole number. Default 0. */
  readonly seed?: number;
}

const LINEAR: readonly Variant[] = ["exact", "projected", "hodmd", "affine"];
const ITERATIVE: readonly Variant[] = ["optimized", "bagged"];
const REGRESSIONS = VARIANTS.filter((variant) => !ITERATIVE.includes(variant));

/** Which variants take an option; all others are for every variant. */
const TAKEN_BY: { readonly [option in keyof DmdOptions]?: readonly Variant[] } = {
  tikhonov: [...LINEAR, "total-least-squares"],
  amplitudes: REGRESSIONS,
  weights: REGRESSIONS,
  control: ["exact", "affine"],
  constraints: ITERATIVE,
  maxIterations: ITERATIVE,
  trials: ["bagged"],
  trialSize: ["bagged"],
  seed: ["bagged"],
};

const KNOWN = new Set<string>([
  ...["variant", "stacks", "rank", "spatialRank", "rcond", "linalg", "device"],
  ...Object.keys(TAKEN_BY),
]);

/** Everything that can be said without the snapshots. */
export function checkOptions(options: DmdOptions): void {
  requireObject("options", options);
  const { variant = "exact", rcond = 0, tikhonov = 0, amplitudes = "first" } = options;
  const { constraints = [], maxIterations = 1, trials = 2, trialSize = 1, seed = 0 } = options;
  oneOf("variant", variant, VARIANTS);
  for (const [name, value] of Object.entries(options)) {
    if (!KNOWN.has(name)) {
      throw bad(`an option of dmd (${[...KNOWN].join(", ")})`, JSON.stringify(name));
    }
    const takers = TAKEN_BY[name as keyof DmdOptions];
    if (value !== undefined && takers && !takers.includes(variant)) {
      throw bad(
        `${name} only with variant ${takers.map((taker) => `"${taker}"`).join(", ")}`,
        `it with "${variant}"`,
      );
    }
  }
  check(
    isNumber(rcond) && rcond >= 0 && rcond < 1,
    "rcond to be a number from 0 to 1, below 1",
    rcond,
  );
  check(
    Number.isFinite(tikhonov) && tikhonov >= 0,
    "tikhonov to be a finite number, at least 0",
    tikhonov,
  );
  oneOf("amplitudes", amplitudes, ["first", "all"]);
  if (options.control !== undefined && amplitudes === "all") {
    throw bad('amplitudes "first" with control', '"all"');
  }
  check(Array.isArray(constraints), "constraints to be an array", constraints);
  for (const constraint of constraints) {
    oneOf("a constraint", constraint, ["stable", "conjugate-pairs"]);
  }
  whole("maxIterations", maxIterations, 1);
  whole("trials", trials, 2);
  check(
    isNumber(trialSize) && trialSize > 0 && trialSize <= 1,
    "trialSize to be a number above 0, at most 1",
    trialSize,
  );
  whole("seed", seed, 0);
  checkRank("rank", options.rank);
  checkRank("spatialRank", options.spatialRank);
}

function checkRank(name: string, rank: Rank | undefined): void {
  const valid =
    rank === undefined ||
    rank === "optimal" ||
    (typeof rank === "number" && Number.isInteger(rank) && rank >= 1) ||
    (typeof rank === "object" &&
      rank !== null &&
      Object.keys(rank).join() === "energy" &&
      isNumber(rank.energy) &&
      rank.energy > 0 &&
      rank.energy <= 1);
  check(
    valid,
    `${name} to be an integer from 1, { energy } above 0 and at most 1, or "optimal"`,
    rank,
  );
}

/** A rank that is a number, against the matrix that it is of. */
export function checkRankLimit(name: string, rank: Rank | undefined, limit: number): void {
  if (typeof rank === "number" && rank > limit) {
    throw bad(
      `${name} to be an integer from 1 to ${limit}, the smaller side of the matrix fitted`,
      String(rank),
    );
  }
}

const isNumber = (value: unknown): value is number => typeof value === "number";
