/** The estimators that fit nothing: none, local and global of the paper, and the baselines last and mean. */
import { GlocalError } from "../errors.js";
import type { Estimate, Estimator, Trajectory } from "./estimator.js";
import { lastPoint, meanPoint } from "./forecast/trajectories.js";
import { checkWhole, given, refuseUnknown } from "./options.js";
import { checkTangents, type Tangents } from "./tangents.js";

/** τ of the paper. */
export const WINDOW = 50;

const exactly = (trajectory: Trajectory): Estimate => ({
  gradient: lastPoint(trajectory),
  eigenvalues: null,
  fallback: null,
});

export interface WindowSettings {
  /** Inner steps between two updates of the hyperparameters (τ). Default 50. */
  readonly window?: number;
}

export interface TangentSettings {
  /**
   * How a window's tangents begin. `"reset"` (default): at zero, so that its hypergradients look back to its
   * start. `"carry"`: with those of the window before, so that they look back further, at no cost; with
   * `{ decay, clip }` less and less. Carried tangents may grow without bound where training is at the
   * edge of stability: see `decay` and `clip`. Where they stop being finite, the window updates
   * nothing, says so (`fallback`), and the next one's begin at zero. Forward mode only.
   */
  readonly tangents?: Tangents;
}

export interface LocalSettings extends WindowSettings, TangentSettings {}

const LOCAL_SETTINGS = new Set(["window", "tangents"]);

/** No tuning: hyperparameters stay as they start. A window is only a reporting interval. */
export function none(settings: WindowSettings = {}): Estimator {
  refuseUnknown("none", settings, new Set(["window"]));
  const { window = WINDOW } = settings;
  checkWhole("window", window, 1);
  return {
    name: "none",
    horizon: "none",
    window,
    last: 0,
    estimate: ({ size }) => ({
      gradient: new Float64Array(size),
      eigenvalues: null,
      fallback: null,
    }),
  };
}

function lastOf(name: string, settings: LocalSettings): Estimator {
  refuseUnknown(name, settings, LOCAL_SETTINGS);
  const { window = WINDOW, tangents } = settings;
  checkWhole("window", window, 1);
  checkTangents(tangents);
  return { name, horizon: "window", window, last: 1, ...given({ tangents }), estimate: exactly };
}

/**
 * The hypergradient over each window alone (eq. 7–8): cheap, biased to the short horizon.
 *
 * @throws GLOCAL_BAD_OPTION
 */
export function local(settings: LocalSettings = {}): Estimator {
  return lastOf("local", settings);
}

/**
 * The forecast that nothing changes: h_τ, held to the end of training. The numbers are those of
 * `local()`; the name says what they are taken for where they stand beside other forecasts.
 *
 * @throws GLOCAL_BAD_OPTION
 */
export function last(settings: LocalSettings = {}): Estimator {
  return lastOf("last", settings);
}

/**
 * The forecast that the hypergradient only fluctuates: the mean of the window's last `k` (of all it has,
 * where it has fewer).
 *
 * @param k default 10
 * @throws GLOCAL_BAD_OPTION unless 1 ≤ k ≤ window
 */
export function mean(k = 10, settings: LocalSettings = {}): Estimator {
  refuseUnknown("mean", settings, LOCAL_SETTINGS);
  const { window = WINDOW, tangents } = settings;
  checkWhole("window", window, 1);
  checkWhole("k", k, 1, window);
  checkTangents(tangents);
  return {
    name: "mean",
    horizon: "window",
    window,
    last: k,
    ...given({ tangents }),
    estimate: (trajectory) => ({
      gradient: meanPoint(trajectory),
      eigenvalues: null,
      fallback: null,
    }),
  };
}

export interface GlobalSettings extends WindowSettings {
  /**
   * "playout" (default): greedy; each window's hyperparameters are played out to the end of training
   * for their gradient, then training goes on from the window's end.
   * "restart": training starts over from its first state for every outer step.
   */
  readonly mode?: "playout" | "restart";
  /** Full trainings in "restart". Default 10. */
  readonly outerSteps?: number;
}

/** The exact hypergradient at the end of training (eq. 1–6): the truth that the others estimate, at many times the cost. */
export function global(settings: GlobalSettings = {}): Estimator {
  refuseUnknown("global", settings, new Set(["window", "mode", "outerSteps"]));
  const { window = WINDOW, mode = "playout", outerSteps = 10 } = settings;
  checkWhole("window", window, 1);
  checkWhole("outerSteps", outerSteps, 1);
  if (mode !== "playout" && mode !== "restart")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'mode to be "playout" or "restart"',
      received: JSON.stringify(mode),
    });
  return { name: "global", horizon: mode, window, last: 1, outerSteps, estimate: exactly };
}
