/** The estimators of the paper, none, local, global and glocal, and the baselines last and mean. */
import { GlocalError } from "../errors.js";
import { complexPairs, type Dmd, type DmdOptions, dmd, type LinalgName } from "../koopman/index.js";
import { checkLinalg, chooseAlgebra } from "../koopman/linalg/choose.js";
import type { Estimate, Estimator, Trajectory } from "./estimator.js";
import { checkPositive, checkWhole, refuseUnknown } from "./options.js";
import { checkTangents, type Tangents } from "./tangents.js";

/** τ of the paper. */
const WINDOW = 50;

/** The hypergradient at the last point. */
function lastPoint({ data, points, size }: Trajectory): Float64Array {
  return data.slice((points - 1) * size, points * size);
}

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

/** An estimator only has the rule that it was given. */
const ruled = (tangents: Tangents | undefined) => (tangents === undefined ? {} : { tangents });

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
  return { name, horizon: "window", window, last: 1, ...ruled(tangents), estimate: exactly };
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
    ...ruled(tangents),
    estimate: (trajectory) => ({
      gradient: meanPoint(trajectory),
      eigenvalues: null,
      fallback: null,
    }),
  };
}

function meanPoint({ data, points, size }: Trajectory): Float64Array {
  const sum = new Float64Array(size);
  data.forEach((h, i) => {
    sum[i % size] = (sum[i % size] as number) + h;
  });
  return sum.map((h) => h / points);
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

export interface GlocalSettings extends LocalSettings {
  /** n, hypergradients at the end of each window that the operator is fitted to. Default 10. */
  readonly last?: number;
  /** m, consecutive hypergradients stacked into one observable (eq. 24). Default 4. */
  readonly stacks?: number;
  /** Most singular values kept. Default: as many as `rcond` allows. */
  readonly rank?: number;
  /** |λ − 1| below it counts as "equal to one". Default 0.1 (the paper states none). */
  readonly tolerance?: number;
  /** Singular values at or below this share of the largest count as zero. Default 1e-6, what float32 trajectories can tell. */
  readonly rcond?: number;
  /**
   * The library that fits the operator: `"auto"` (default) takes cuSOLVER where the study runs on a CUDA
   * device and LAPACK elsewhere; `"lapack"` and `"cusolver"` are taken at their word.
   */
  readonly linalg?: LinalgName;
}

const GLOCAL_SETTINGS = new Set([
  ...["window", "tangents", "last", "stacks", "rank", "tolerance", "rcond", "linalg"],
]);

/**
 * The package's estimate of the hypergradient at the end of training. It is the paper's,
 * `glocal.paper()`, with the same settings and defaults.
 *
 * @throws GLOCAL_BAD_OPTION unless stacks + 2 ≤ last ≤ window; a study throws it for
 *   `linalg: "cusolver"` on a device that has none
 */
export function glocal(settings: GlocalSettings = {}): Estimator {
  return paperRule("glocal", settings);
}

/**
 * The paper's exact rule (eq. 19–20): Hankel DMD of the window's last hypergradients, eigenvalues clamped
 * by their spectral radius, modes with λ = 1 kept.
 *
 * When no eigenvalue is within the tolerance of 1, or the trajectory is all zeros, the last local
 * hypergradient stands in, and the window's report says so (`fallback`).
 *
 * @throws GLOCAL_BAD_OPTION as `glocal()` does
 */
glocal.paper = (settings: GlocalSettings = {}): Estimator => paperRule("paper", settings);

function paperRule(name: string, settings: GlocalSettings): Estimator {
  refuseUnknown(name, settings, GLOCAL_SETTINGS);
  const { window = WINDOW, last = 10, stacks = 4, rank, tolerance = 0.1, rcond = 1e-6 } = settings;
  const { linalg = "auto", tangents } = settings;
  checkWhole("window", window, 3);
  checkWhole("last", last, 3, window);
  checkWhole("stacks", stacks, 1, last - 2);
  if (rank !== undefined) checkWhole("rank", rank, 1);
  checkPositive("tolerance", tolerance);
  checkPositive("rcond", rcond);
  checkLinalg(linalg);
  checkTangents(tangents);
  return {
    name,
    horizon: "window",
    window,
    last,
    ...ruled(tangents),
    checkDevice: (device) => {
      chooseAlgebra({ linalg, device }, Number.POSITIVE_INFINITY);
    },
    estimate: (trajectory, device) => {
      const { points, size } = trajectory;
      if (points <= stacks + 1)
        return fallBack(
          trajectory,
          null,
          `a window of ${points} steps is too short for ${stacks} stacks`,
        );
      const limit = Math.min(size * stacks, points - stacks);
      const fit = tryFit(trajectory, {
        stacks,
        rcond,
        linalg,
        ...(device && { device }),
        ...(rank === undefined ? {} : { rank: Math.min(rank, limit) }),
      });
      if (fit instanceof GlocalError) return fallBack(trajectory, null, fit.message);
      const eigenvalues = complexPairs(fit.eigenvalues);
      const { value } = fit.steadyState({ policy: "paper", tolerance });
      if (value) return { gradient: value, eigenvalues, fallback: null };
      const why =
        fit.rank === 0
          ? "the trajectory is all zeros"
          : `no eigenvalue is within ${tolerance} of 1`;
      return fallBack(trajectory, eigenvalues, why);
    },
  };
}

function fallBack(
  trajectory: Trajectory,
  eigenvalues: Estimate["eigenvalues"],
  why: string,
): Estimate {
  return {
    gradient: lastPoint(trajectory),
    eigenvalues,
    fallback: `${why}: used the last local hypergradient`,
  };
}

/** The fit, or why linear algebra could not give one: finite numbers too large or too small to be fitted. */
function tryFit(trajectory: Trajectory, options: DmdOptions): Dmd | GlocalError {
  try {
    return dmd(snapshots(trajectory), options);
  } catch (error) {
    if (error instanceof GlocalError && error.code === "GLOCAL_LINALG") return error;
    throw error;
  }
}

/** Features × time, as DMD takes it. */
function snapshots({ data, points, size }: Trajectory) {
  const turned = new Float64Array(data.length);
  for (let t = 0; t < points; t++)
    for (let i = 0; i < size; i++) turned[i * points + t] = data[t * size + i] as number;
  return { data: turned, shape: [size, points] as const };
}
