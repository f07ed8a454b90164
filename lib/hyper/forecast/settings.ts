/** What an estimator that fits an operator can be told, and the checks of it. */
import type { DmdOptions, LinalgName, Policy, Rank, Variant } from "../../koopman/index.js";
import { checkLinalg } from "../../koopman/linalg/choose.js";
import { checkOptions } from "../../koopman/options.js";
import { checkPositive, checkWhole, given, isRecord, refuse, refuseUnknown } from "../options.js";

/** A variant of `dmd` with its own options. */
export type Fit = Pick<
  DmdOptions,
  | "variant"
  | "spatialRank"
  | "tikhonov"
  | "amplitudes"
  | "constraints"
  | "maxIterations"
  | "trials"
  | "trialSize"
  | "seed"
>;

/** One operator for the trajectories of several windows. */
export interface Pool {
  /** Windows whose trajectories are fitted together, the one at hand included. Default 5. */
  readonly windows?: number;
  /** γ in (0, 1]: a window's steps count γ^age. Default 0.7. */
  readonly forget?: number;
  /** Lets the unconstrained hyperparameters act as inputs (DMD with control), held in each window. Default false. */
  readonly control?: boolean;
}

export interface OperatorSettings {
  /** n, hypergradients at the end of each window that the operator is fitted to. Default 10; for the ladder at least 6. */
  readonly last?: number;
  /**
   * m, consecutive hypergradients stacked into one observable (eq. 24). Default 4. The ladder stacks fewer where fewer
   * columns would remain than two fifths of the points that it fits, or than 3.
   */
  readonly stacks?: number;
  /** How the operator is fitted: a variant of `dmd`, or one with options of its own. Default `"exact"`. */
  readonly fit?: Variant | Fit;
  /** What is made of the operator: see `steadyState` of `glocal/koopman`. Default `"paper"`. */
  readonly policy?: Policy;
  /** Fits the operator to the trajectories of several windows. Default: of one. */
  readonly pool?: Pool;
  /** Which singular values are kept. Default: as many as `rcond` allows. */
  readonly rank?: Rank;
  /** Of policy `"paper"`: |λ − 1| below it counts as "equal to one". Default 0.1 (the paper states none). */
  readonly tolerance?: number;
  /** Singular values at or below this share of the largest count as zero. Default 1e-6, what float32 trajectories can tell. */
  readonly rcond?: number;
  /**
   * The library that fits the operator: `"auto"` (default) takes cuSOLVER where the study runs on a CUDA
   * device and LAPACK elsewhere; `"lapack"` and `"cusolver"` are taken at their word.
   */
  readonly linalg?: LinalgName;
}

export const OPERATOR_SETTINGS: readonly (keyof OperatorSettings)[] = [
  "last",
  "stacks",
  "fit",
  "policy",
  "pool",
  "rank",
  "tolerance",
  "rcond",
  "linalg",
];

const POOL_SETTINGS = new Set(["windows", "forget", "control"]);
const FIT_SETTINGS = new Set([
  "variant",
  "spatialRank",
  "tikhonov",
  "amplitudes",
  "constraints",
  "maxIterations",
  "trials",
  "trialSize",
  "seed",
]);
const POLICIES: readonly Policy[] = ["paper", "horizon", "average", "project", "fixed-point"];

/** Settings with every default filled in. */
export interface Rule {
  readonly last: number;
  readonly stacks: number;
  readonly fit: Fit & { readonly variant: Variant };
  readonly policy: Policy;
  readonly pool: Required<Pool> | null;
  readonly rank: Rank | undefined;
  readonly tolerance: number;
  readonly rcond: number;
  readonly linalg: LinalgName;
}

/** @throws GLOCAL_BAD_OPTION unless stacks + 2 ≤ last ≤ window, and for fits and policies that do not go together */
export function ruleOf(settings: OperatorSettings, window: number): Rule {
  const { last = 10, stacks = 4, policy = "paper", rank, tolerance, rcond = 1e-6 } = settings;
  const { linalg = "auto" } = settings;
  checkWhole("window", window, 3);
  checkWhole("last", last, 3, window);
  checkWhole("stacks", stacks, 1, last - 2);
  if (tolerance !== undefined) checkPositive("tolerance", tolerance);
  checkPositive("rcond", rcond);
  checkLinalg(linalg);
  if (!POLICIES.includes(policy))
    refuse(`policy to be ${POLICIES.map((name) => `"${name}"`).join(", ")}`, policy);
  if (tolerance !== undefined && policy !== "paper")
    refuse(`no tolerance with policy "${policy}", which keeps every mode`, tolerance);
  const fit = fitOf(settings.fit);
  const pool = poolOf(settings.pool);
  checkOptions({ ...fit, rcond, ...(rank === undefined ? {} : { rank }) });
  if (pool && (fit.variant === "optimized" || fit.variant === "bagged"))
    refuse("a fit by regression where windows are pooled", fit.variant);
  if (pool?.control && fit.variant !== "exact" && fit.variant !== "affine")
    refuse('fit "exact" or "affine" where hyperparameters are inputs', fit.variant);
  if (policy === "fixed-point" && fit.variant !== "affine")
    refuse('fit "affine" for policy "fixed-point"', fit.variant);
  return { last, stacks, fit, policy, pool, rank, tolerance: tolerance ?? 0.1, rcond, linalg };
}

function fitOf(fit: OperatorSettings["fit"] = "exact"): Rule["fit"] {
  if (typeof fit === "string") return { variant: fit };
  if (!isRecord(fit)) refuse("fit to be a variant of dmd, or an object with one", fit);
  const options = given(fit);
  refuseUnknown("fit", options, FIT_SETTINGS);
  return { variant: "exact", ...options };
}

function poolOf(pool: Pool | undefined): Required<Pool> | null {
  if (pool === undefined) return null;
  const options = given(pool);
  refuseUnknown("pool", options, POOL_SETTINGS);
  const { windows = 5, forget = 0.7, control = false } = options;
  checkWhole("windows of the pool", windows, 2);
  if (!(typeof forget === "number" && forget > 0 && forget <= 1))
    refuse("forget of the pool to be a number above 0, at most 1", forget);
  if (typeof control !== "boolean") refuse("control of the pool to be true or false", control);
  return { windows, forget, control };
}
