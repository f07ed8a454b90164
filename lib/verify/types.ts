/** What is verified, and what is found. */
import type { BilevelOptions } from "../hyper/bilevel.js";
import type { Estimator } from "../hyper/estimator.js";

/** A bilevel problem without what `verify` decides itself. `criterionSample` is what estimates see; the truth sees all. */
export type VerifyProblem<State, Hyper, Batch> = Omit<
  BilevelOptions<State, Hyper, Batch>,
  "hypergradient" | "outer" | "steps" | "batches" | "evaluate" | "signal" | "onDivergence" | "mode"
>;

export interface VerifyOptions<State, Hyper, Batch> {
  readonly problem: VerifyProblem<State, Hyper, Batch>;
  /** By name. All with the same window τ, and of horizon "window". */
  readonly estimators: Readonly<Record<string, Estimator>>;
  /** Points along training, in inner steps: multiples of τ. A window from there is what estimators see last. */
  readonly starts: readonly number[];
  /** T, each a multiple of τ. */
  readonly horizons: readonly number[];
  /**
   * Minibatch orders that the truth is the mean over. Default: 1 where batches are all of the training data, 8
   * elsewhere.
   */
  readonly orders?: number;
}

/** The truth at one point, of one T: the hypergradient of greedy playout, from a window's start to T. */
export interface Truth {
  readonly start: number;
  readonly horizon: number;
  /** Mean over the orders. */
  readonly gradient: readonly number[];
  /** Mean cosine of one order's with the mean of the others; null for one order. */
  readonly ceiling: number | null;
  /** Orders whose hypergradient was finite. */
  readonly orders: number;
}

/** How one estimate compares with it. */
export interface Comparison {
  readonly estimator: string;
  readonly start: number;
  readonly horizon: number;
  /** Null where there was none: training was not finite. */
  readonly gradient: readonly number[] | null;
  readonly cosine: number | null;
  /** ‖ĥ − h‖ / ‖h‖ */
  readonly error: number | null;
  /** Why something stood in for the estimate; null where nothing did. */
  readonly fallback: string | null;
  readonly chosen?: string;
  readonly confidence?: number;
}

export interface Verification {
  readonly truths: readonly Truth[];
  readonly comparisons: readonly Comparison[];
}
