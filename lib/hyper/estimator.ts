/** What an estimator is: which hypergradients a study collects, and what it makes of them. */

import type { Device } from "../runtime/device.js";

/** How far a window's hypergradients look. */
export type Horizon =
  /** No hypergradients. */
  | "none"
  /** To the end of the window, from its start (eq. 7–8). */
  | "window"
  /** Greedy global: from the window's start to the end of training, then back to the window's end. */
  | "playout"
  /** Global: the whole of training from the first state, again for every outer step (eq. 5–6). */
  | "restart";

/** Hypergradients at the last steps of a window, oldest first. */
export interface Trajectory {
  /** Row-major [points, size]. */
  readonly data: Float64Array;
  readonly points: number;
  /** q, the number of hyperparameters. */
  readonly size: number;
  /** Inner steps from the last point to the end of training. */
  readonly stepsLeft: number;
}

export interface Estimate {
  /** [size] */
  readonly gradient: Float64Array;
  /** Eigenvalues of the fitted operator, [re, im]; null when nothing was fitted. */
  readonly eigenvalues: readonly (readonly [number, number])[] | null;
  /** Why the estimate is not what the estimator is named for, and what it is instead; null when it is. */
  readonly fallback: string | null;
}

/** A value: estimators hold settings and no state, so one may serve many studies. */
export interface Estimator {
  readonly name: string;
  readonly horizon: Horizon;
  /** τ, inner steps between two updates of the hyperparameters; for "restart" the whole of training is one window. */
  readonly window: number;
  /** n, how many steps at a window's end get a hypergradient. */
  readonly last: number;
  /** Full trainings, for "restart" only. */
  readonly outerSteps?: number;
  /** Throws a coded error where it cannot compute on the device of a study. */
  checkDevice?(device: Device): void;
  /** `device` is the study's, open, for heavy work; without one the host does it. */
  estimate(trajectory: Trajectory, device?: Device): Estimate;
}
