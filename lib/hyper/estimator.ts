/** What an estimator is: which hypergradients a study collects, and what it makes of them. */

import type { Device } from "../runtime/device.js";
import type { ModeName } from "./choose-mode.js";
import { checkWhole, isRecord, refuse } from "./options.js";
import { checkTangents, type Tangents } from "./tangents.js";

/** How far a window's hypergradients look. */
export type Horizon =
  /** No hypergradients. */
  | "none"
  /** To the end of the window, from its start (eq. 7–8), or from further back where tangents are carried. */
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

/** A trajectory with all that a study knows of the window it comes from. */
export interface WindowTrajectory extends Trajectory {
  /** Counts from 1. Windows without finite hypergradients are not shown; one that begins again is shown again, and replaces itself and those after it. */
  readonly window: number;
  /** Inner steps of this window. */
  readonly steps: number;
  /** Inner steps before the last point, from the start of training. */
  readonly stepsDone: number;
  /** φ in force during the window, unconstrained [size]. */
  readonly phi: Float64Array;
  /** Steps that the tangents at the window's end look back on, each with its weight: `steps` unless they are carried. */
  readonly memory: number;
}

/** What a study tells an estimator before its first window. */
export interface StudyFacts {
  /** q, the number of hyperparameters. */
  readonly size: number;
  /** T, inner steps of the whole training. */
  readonly steps: number;
  readonly seed: number;
  /** The study's, open, for heavy work. */
  readonly device: Device;
}

export interface Estimate {
  /** [size] */
  readonly gradient: Float64Array;
  /** Eigenvalues of the fitted operator, [re, im]; null when nothing was fitted. */
  readonly eigenvalues: readonly (readonly [number, number])[] | null;
  /** Why the estimate is not what the estimator is named for, and what it is instead; null when it is. */
  readonly fallback: string | null;
  /** The method that was taken, of an estimator that chooses among several. */
  readonly chosen?: string;
  /** Why that one. */
  readonly reason?: string;
  /** How far the estimate can be trusted, from 0 to 1. */
  readonly confidence?: number;
}

/** An estimator at work in one study: it may remember windows. */
export interface WindowEstimator {
  estimate(window: WindowTrajectory): Estimate;
  /** Whether the hyperparameters follow the estimate; asked after each. Default: they do. */
  updates?(): boolean;
  /** Whether carried tangents go on into the next window; asked after each. Default: they do. */
  carries?(): boolean;
}

/** A value: estimators hold settings and no state, so one may serve many studies. */
export interface Estimator {
  readonly name: string;
  readonly horizon: Horizon;
  /** τ, inner steps between two updates of the hyperparameters; for "restart" the whole of training is one window. */
  readonly window: number;
  /** n, how many steps at a window's end get a hypergradient. */
  readonly last: number;
  /** How a window's tangents begin, for "window" only. Default "reset": at zero. */
  readonly tangents?: Tangents;
  /** Full trainings, for "restart" only. */
  readonly outerSteps?: number;
  /**
   * The estimator to use for so many hyperparameters in this mode, where that makes a difference: carried tangents
   * want forward mode and a lane for each.
   */
  suited?(to: { readonly size: number; readonly mode: ModeName }): Estimator;
  /** Throws a coded error where it cannot compute on the device of a study. */
  checkDevice?(device: Device): void;
  /** Of one trajectory on its own. `device` is the study's, open, for heavy work; without one the host does it. */
  estimate(trajectory: Trajectory, device?: Device): Estimate;
  /** An estimator that learns from window to window gives each study one of its own here, which is then asked instead. */
  begin?(study: StudyFacts): WindowEstimator;
}

const HORIZONS = new Set(["none", "window", "playout", "restart"]);

/** @throws GLOCAL_BAD_OPTION */
export function checkEstimator(value: Estimator): void {
  if (!isRecord(value) || !HORIZONS.has(value.horizon) || typeof value.estimate !== "function")
    refuse("hypergradient to be an estimator such as none(), local() or glocal()", value);
  const { horizon, window, last, tangents, begin, suited } = value;
  checkWhole("window of the estimator", window, 1);
  checkWhole("last of the estimator", last, horizon === "none" ? 0 : 1);
  if (begin !== undefined && typeof begin !== "function")
    refuse("begin of the estimator to be a function", begin);
  if (suited !== undefined && typeof suited !== "function")
    refuse("suited of the estimator to be a function", suited);
  checkTangents(tangents);
  if (tangents !== undefined && tangents !== "reset" && horizon !== "window")
    refuse(
      `tangents: "reset" of an estimator whose horizon is "${horizon}": only windows that follow each other can carry tangents on`,
      tangents,
    );
}
