/** The estimators that fit an operator: glocal, the paper's rule, and affine. */
import { GlocalError } from "../errors.js";
import { chooseAlgebra } from "../koopman/linalg/choose.js";
import type { Device } from "../runtime/device.js";
import type { Estimate, Estimator, StudyFacts, Trajectory, WindowEstimator } from "./estimator.js";
import { type TangentSettings, WINDOW, type WindowSettings } from "./estimators.js";
import { candidates } from "./forecast/candidates.js";
import { choose } from "./forecast/ladder.js";
import { forecast } from "./forecast/operator.js";
import { TrajectoryPool } from "./forecast/pool.js";
import {
  OPERATOR_SETTINGS,
  type OperatorSettings,
  type Pool,
  type Rule,
  ruleOf,
} from "./forecast/settings.js";
import { lastPoint } from "./forecast/trajectories.js";
import { FEWEST_POINTS } from "./forecast/trial.js";
import { given, refuse, refuseUnknown } from "./options.js";
import { checkTangents, type Tangents } from "./tangents.js";

export interface GlocalSettings extends WindowSettings, TangentSettings, OperatorSettings {
  /**
   * The ladder: in each window, held-out points choose among DMD, an affine fit, the last hypergradient and
   * the mean. It takes `window`, `tangents`, `last` (at least 6), `stacks` and `linalg` alone. Default: true unless
   * another setting says how the operator is fitted or what is made of it; undefined ones count as not given.
   */
  readonly robust?: boolean;
}

const FITTED_SETTINGS = new Set(["window", "tangents", ...OPERATOR_SETTINGS]);
const ROBUST_SETTINGS = new Set(["robust", "window", "tangents", "last", "stacks", "linalg"]);

/**
 * The package's estimate of the hypergradient at the end of training: the ladder, in which each window's
 * held-out points choose how to forecast, and tangents that look back on five windows where points follow no law.
 * A mean or a last point is shrunk by its `confidence`: what points do not agree on is as likely nothing. A study's first window moves
 * nothing, unless its points follow a law.
 * With `fit`, `policy`, `pool`, `rank`, `tolerance` or `rcond` it is the forecast that they name, in every window, with
 * the last local hypergradient in its place where there is none (`fallback`).
 *
 * A window of fewer than 6 steps, as the last one of a study may be, holds too few points to test a forecast on: its estimate is
 * their mean, with `confidence` 0.
 *
 * More than 32 hyperparameters, and `mode: "reverse"`, carry no tangents unless `tangents` says so: to carry takes
 * forward mode, and a lane for each.
 *
 * @throws GLOCAL_BAD_OPTION unless stacks + 2 ≤ last ≤ window, and for the ladder unless last ≥ 6; a study throws it for
 *   `linalg: "cusolver"` on a device that has none
 */
export function glocal(settings: GlocalSettings = {}): Estimator {
  const own = given(settings);
  refuseUnknown("glocal", own, new Set(["robust", ...FITTED_SETTINGS]));
  const plain = Object.keys(own).every((name) => ROBUST_SETTINGS.has(name));
  const { robust = plain, ...rest } = own;
  if (typeof robust !== "boolean") refuse("robust to be true or false", robust);
  return robust ? ladder(own) : fitted("glocal", rest);
}

/** Windows that tangents look back on. */
const MEMORY = 5;

/**
 * So that tangents look back on five windows, on fewer as the end comes near: γ = 1 − 1/5, or, if less, the windows left
 * after this one over five. Longer ones than ten times the training state are chaos (the edge of stability), not information.
 */
const FADING: Tangents = {
  decay: ({ stepsLeft, window }) =>
    Math.max(0, Math.min(1 - 1 / MEMORY, (stepsLeft - window) / (MEMORY * window))),
  clip: 10,
};

/** Hyperparameters whose lanes run together. */
const FEW = 32;

function ladder(settings: GlocalSettings): Estimator {
  refuseUnknown("robust glocal", settings, ROBUST_SETTINGS);
  const { window = WINDOW, tangents = FADING } = settings;
  const rule = ruleOf(settings, window);
  if (rule.last < FEWEST_POINTS)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `last to be at least ${FEWEST_POINTS} where held-out points choose the forecast`,
      received: `${rule.last}`,
      hint: 'To fit fewer, name the fit, as in glocal({ fit: "exact" }).',
    });
  checkTangents(tangents);
  const take = (trajectory: Trajectory, device?: Device) =>
    choose(trajectory, candidates(trajectory.size, rule.last, rule), device);
  const estimator: Estimator = {
    name: "glocal",
    horizon: "window",
    window,
    last: rule.last,
    tangents,
    checkDevice: checkLinalgOf(rule),
    estimate: (trajectory, device) => take(trajectory, device).estimate,
    begin: ({ device }) => {
      let [lawful, first] = [false, false];
      return {
        estimate: (trajectory) => {
          const choice = take(trajectory, device);
          lawful = choice.lawful;
          first = trajectory.window === 1;
          return lawful || !first ? choice.estimate : unfollowed(choice.estimate);
        },
        // What an untrained model is quick to unlearn is no measure of what follows, and outer moments would keep its size.
        updates: () => lawful || !first,
        // Where the end can be foretold from the window alone, looking back further says less of what is to come.
        carries: () => !lawful,
      };
    },
  };
  return settings.tangents === undefined
    ? {
        ...estimator,
        suited: ({ size, mode }) =>
          size > FEW || mode === "reverse" ? { ...estimator, tangents: "reset" } : estimator,
      }
    : estimator;
}

const unfollowed = (estimate: Estimate): Estimate => ({
  ...estimate,
  reason: `${estimate.reason}; the first window moves nothing, but where points follow a law`,
});

/** What the paper's rule leaves open. */
export type PaperSettings = Omit<GlocalSettings, "robust" | "fit" | "policy" | "pool">;

/**
 * The paper's exact rule (eq. 19–20): Hankel DMD of the window's last hypergradients, eigenvalues clamped
 * by their spectral radius, modes with λ = 1 kept.
 *
 * When no eigenvalue is within the tolerance of 1, or the trajectory is all zeros, the last local
 * hypergradient stands in, and the window's report says so (`fallback`).
 *
 * @throws GLOCAL_BAD_OPTION as `glocal()` does
 */
glocal.paper = (settings: PaperSettings = {}): Estimator => {
  const own = given(settings);
  refuseUnknown("paper", own, PAPER_SETTINGS);
  return fitted("paper", own);
};

const PAPER_SETTINGS = new Set(
  [...FITTED_SETTINGS].filter((name) => !["fit", "policy", "pool"].includes(name)),
);

export type AffineSettings = Omit<GlocalSettings, "robust" | "fit" | "policy" | "tolerance"> & {
  /** What is made of the operator. Default `"fixed-point"`: where h′ = A h + c comes to rest. */
  readonly policy?: "fixed-point" | "horizon" | "average" | "project";
};

/**
 * The forecast that the hypergradient settles: h′ = A h + c fitted to the window's last points, and
 * the point (I − A)⁻¹ c at which it rests. λ = 1 is there by construction, so that no tolerance decides about it.
 *
 * @throws GLOCAL_BAD_OPTION as `glocal()` does
 */
export function affine(settings: AffineSettings = {}): Estimator {
  const own = given(settings);
  refuseUnknown("affine", own, AFFINE_SETTINGS);
  const { policy = "fixed-point" } = own;
  if ((policy as string) === "paper")
    refuse('policy of affine to be "fixed-point", "horizon", "average" or "project"', policy);
  return fitted("affine", { stacks: 1, ...own, fit: "affine", policy });
}

const AFFINE_SETTINGS = new Set(
  [...FITTED_SETTINGS].filter((name) => !["fit", "tolerance"].includes(name)),
);

function fitted(name: string, settings: GlocalSettings): Estimator {
  refuseUnknown(name, settings, FITTED_SETTINGS);
  const { window = WINDOW, tangents } = settings;
  const rule = ruleOf(settings, window);
  checkTangents(tangents);
  return {
    name,
    horizon: "window",
    window,
    last: rule.last,
    ...given({ tangents }),
    checkDevice: checkLinalgOf(rule),
    estimate: (trajectory, device) =>
      orLast(trajectory, forecast({ ...rule, pool: null }, [trajectory], device)),
    ...(rule.pool && { begin: ({ device }: StudyFacts) => pooled(rule, device) }),
  };
}

const checkLinalgOf =
  ({ linalg }: Rule) =>
  (device: Device): void => {
    chooseAlgebra({ linalg, device });
  };

function pooled(rule: Rule, device: Device): WindowEstimator {
  const past = new TrajectoryPool((rule.pool as Required<Pool>).windows);
  return { estimate: (window) => orLast(window, forecast(rule, past.add(window), device)) };
}

function orLast(trajectory: Trajectory, found: ReturnType<typeof forecast>): Estimate {
  if ("gradient" in found) return { ...found, fallback: null };
  return {
    gradient: lastPoint(trajectory),
    eigenvalues: found.eigenvalues,
    fallback: `${found.why}: used the last local hypergradient`,
  };
}
