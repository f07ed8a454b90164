/** The value a fitted trajectory settles at, by one of several rules. */

import { check, oneOf, requireObject, whole } from "./checks.js";
import { meanOfNumbers } from "./complex.js";
import { fixedPoint } from "./policies/fixed-point.js";
import { paper } from "./policies/paper.js";
import type { System, Verdict } from "./policies/policy.js";
import { average, horizon, project } from "./policies/remaining.js";

/**
 * Which modes count, and how.
 *
 * * `"paper"` (default, eq. 20): where the spectral radius ρ exceeds 1 every eigenvalue is divided by it;
 *   then modes with |λ − 1| < `tolerance` are kept, with λ taken as exactly 1. *Why*: far enough ahead all
 *   else has decayed.
 * * `"horizon"`: λᵏ with k = `steps`, the snapshots left after the last; eigenvalues with |λ| > 1 are moved
 *   to the unit circle. *Why*: the end is seldom far enough for λ = 0.99 to have decayed, nor near enough for it to
 *   count in full.
 * * `"average"`: the mean of that over the next `steps` snapshots. *Why*: what turns has no value at the end
 *   that noise would not change, but its mean has.
 * * `"project"`: λᵏ of a stable operator that is nearest to the one fitted, in the Frobenius norm: a local minimum.
 *   *Why*: to move eigenvalues one by one can move a non-normal operator far.
 * * `"fixed-point"`: (I − A)⁻¹ c; for fits with a constant or with control. *Why*: noise in A's eigenvalues does not
 *   decide whether it is found. What drifts at a constant speed has none.
 *
 * All but `"paper"` and `"fixed-point"` start from the fitted state of the last column. With control, the
 * last input is held.
 */
export type SteadyStateOptions =
  | {
      readonly policy?: "paper";
      /** Above 0; default 0.1 (the paper gives no number). */
      readonly tolerance?: number;
    }
  | {
      readonly policy: "horizon" | "average" | "project";
      /** Snapshots from the last one to the end; an integer, at least 1. */
      readonly steps: number;
    }
  | { readonly policy: "fixed-point" };

export type Policy = NonNullable<SteadyStateOptions["policy"]>;

export interface SteadyState {
  readonly policy: Policy;
  /**
   * `features` entries (complex: interleaved); null when no mode was kept, which only `"paper"` (none is near 1) and
   * `"fixed-point"` (there is none) may say. Of `"bagged"`: the mean over the trials that have one.
   */
  readonly value: Float64Array | null;
  /** Standard deviation of each feature over those trials; null for other variants. */
  readonly deviation: Float64Array | null;
  /** How many modes were kept; by a trial at least. */
  readonly kept: number;
  /** Which of them, in the order of the eigenvalues. */
  readonly selected: readonly boolean[];
  /** The spectral radius where it exceeds 1, else 1; `"paper"` divides every eigenvalue by it. The largest of any trial. */
  readonly clamp: number;
  /** The eigenvalues as the policy took them, in the order of the fit's; complex, interleaved. Means over the trials with a value. */
  readonly eigenvalues: Float64Array;
  /** How many trials of `"bagged"` say so; null for others. */
  readonly trials: TrialCounts | null;
}

export interface TrialCounts {
  readonly total: number;
  /** Those that have a value. */
  readonly answered: number;
  /** Those that kept it, for each mode. */
  readonly keptBy: readonly number[];
}

const POLICIES = ["paper", "horizon", "average", "project", "fixed-point"] as const;

/** A policy by its name as options. @throws GLOCAL_BAD_OPTION */
export function checkPolicy(given: SteadyStateOptions | Policy): SteadyStateOptions {
  if (typeof given === "string") {
    oneOf("policy", given, POLICIES);
  }
  const options = (typeof given === "string" ? { policy: given } : given) as SteadyStateOptions;
  requireObject("options", options);
  for (const name of Object.keys(options)) {
    oneOf("an option of steadyState", name, ["policy", "tolerance", "steps"]);
  }
  const {
    policy = "paper",
    tolerance,
    steps,
  } = options as {
    policy?: Policy;
    tolerance?: number;
    steps?: number;
  };
  oneOf("policy", policy, POLICIES);
  const counts = policy === "horizon" || policy === "average" || policy === "project";
  if (counts) {
    whole("steps", steps as number, 1);
  } else {
    check(steps === undefined, `no steps with policy "${policy}"`, steps);
  }
  if (policy === "paper") {
    const used = tolerance === undefined ? 0.1 : tolerance;
    check(used > 0 && Number.isFinite(used), "tolerance to be a finite number above 0", used);
  } else {
    check(tolerance === undefined, `no tolerance with policy "${policy}"`, tolerance);
  }
  return options;
}

interface Report {
  readonly answered: boolean;
  readonly selected: readonly boolean[];
  readonly clamp: number;
  readonly eigenvalues: Float64Array;
}

/** What one fit says, or its trials together. */
export function summary(
  reports: readonly Report[],
): Pick<SteadyState, "kept" | "selected" | "clamp" | "eigenvalues" | "trials"> {
  const answers = reports.filter(({ answered }) => answered);
  const told = answers.length > 0 ? answers : reports;
  const modes = (reports[0] as Report).selected;
  const keptBy = modes.map((_, k) => answers.filter(({ selected }) => selected[k]).length);
  const selected = keptBy.map((count) => count > 0);
  return {
    kept: selected.filter(Boolean).length,
    selected,
    clamp: Math.max(...reports.map(({ clamp }) => clamp)),
    eigenvalues: meanOfNumbers(told.map(({ eigenvalues }) => eigenvalues)),
    trials: reports.length > 1 ? { total: reports.length, answered: answers.length, keptBy } : null,
  };
}

/** @param options Checked. */
export function decide(system: System, options: SteadyStateOptions): Verdict {
  switch (options.policy) {
    case "horizon":
      return horizon(system, options.steps);
    case "average":
      return average(system, options.steps);
    case "project":
      return project(system, options.steps);
    case "fixed-point":
      return fixedPoint(system);
    default:
      return paper(system, options.tolerance ?? 0.1);
  }
}
