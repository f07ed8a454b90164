/** From trajectories to a hypergradient at the end of training, through a fitted operator. */
import { GlocalError } from "../../errors.js";
import { complexPairs, type Dmd, dmd, type SteadyStateOptions } from "../../koopman/index.js";
import type { Device } from "../../runtime/device.js";
import type { Estimate, Trajectory } from "../estimator.js";
import type { Rule } from "./settings.js";
import { lastPoint, snapshots } from "./trajectories.js";

/** A trajectory, and φ while it ran where φ is an input. */
export interface Course extends Trajectory {
  readonly phi?: Float64Array;
}

export interface Forecast {
  readonly gradient: Float64Array;
  readonly eigenvalues: NonNullable<Estimate["eigenvalues"]>;
}

/** Why there is none; with the eigenvalues where the operator was fitted all the same. */
export interface NoForecast {
  readonly why: string;
  readonly eigenvalues: Estimate["eigenvalues"];
}

/** @param courses oldest first; the last one is forecast */
export function forecast(
  rule: Rule,
  courses: readonly Course[],
  device?: Device,
): Forecast | NoForecast {
  return forecaster(rule, courses, device)((courses.at(-1) as Course).stepsLeft);
}

/** One fit, to be asked for any number of steps after the last point. */
export function forecaster(
  rule: Rule,
  courses: readonly Course[],
  device?: Device,
): (steps: number) => Forecast | NoForecast {
  const { stacks, policy, tolerance } = rule;
  const own = courses.at(-1) as Course;
  if (own.points <= stacks + 1)
    return () => no(`a window of ${own.points} steps is too short for ${stacks} stacks`);
  const fit = orWhy(() => fitTo(rule, courses, device));
  if ("why" in fit) return () => fit;
  return (steps) =>
    orWhy(() => {
      const eigenvalues = complexPairs(fit.eigenvalues);
      // The end of training is the last point itself.
      if (steps === 0 && policy !== "paper") return { gradient: lastPoint(own), eigenvalues };
      const { value } = fit.steadyState(policyOf(rule, steps));
      if (value) return { gradient: value, eigenvalues };
      const zeros = fit.rank === 0;
      const why = zeros
        ? "the trajectory is all zeros"
        : policy === "fixed-point"
          ? "what was fitted drifts and has no fixed point"
          : `no eigenvalue is within ${tolerance} of 1`;
      return { why, eigenvalues };
    });
}

const no = (why: string): NoForecast => ({ why, eigenvalues: null });

/** What linear algebra gives, or why it could not: finite numbers too large or too small to be fitted. */
function orWhy<T>(body: () => T): T | NoForecast {
  try {
    return body();
  } catch (error) {
    if (error instanceof GlocalError && error.code === "GLOCAL_LINALG") return no(error.message);
    throw error;
  }
}

/** The operator that a rule fits to trajectories; those too short to be stacked are left out. */
export function fitTo(rule: Rule, courses: readonly Course[], device?: Device): Dmd {
  const { stacks, fit, pool, rank, rcond, linalg } = rule;
  const used = courses.filter(({ points }) => points > stacks + 1);
  const columns = used.reduce((sum, { points }) => sum + points - stacks, 0);
  const size = (used[0] as Course).size;
  const limit = Math.min(size * stacks, columns);
  const ages = used.map((_, i) => used.length - 1 - i);
  return dmd(used.length === 1 ? snapshots(used[0] as Course) : used.map(snapshots), {
    ...fit,
    stacks,
    rcond,
    linalg,
    ...(device && { device }),
    ...(rank === undefined
      ? {}
      : { rank: typeof rank === "number" ? Math.min(rank, limit) : rank }),
    ...(pool && used.length > 1 ? { weights: ages.map((age) => pool.forget ** age) } : {}),
    ...(pool?.control ? { control: inputsOf(used, fit.variant === "affine") } : {}),
  });
}

/** φ of each trajectory; beside a constant, less that of the last, so that the constant is what the last one tends to. */
function inputsOf(courses: readonly Course[], relative: boolean) {
  const last = courses.at(-1)?.phi as Float64Array;
  const origin = relative ? last : new Float64Array(last.length);
  const all = courses.map(({ phi, points }) => {
    const data = new Float64Array(last.length * points);
    origin.forEach((zero, i) => {
      data.fill(((phi as Float64Array)[i] as number) - zero, i * points, (i + 1) * points);
    });
    return { data, shape: [last.length, points] as const };
  });
  return all.length === 1 ? (all[0] as (typeof all)[number]) : all;
}

function policyOf({ policy, tolerance }: Rule, steps: number): SteadyStateOptions {
  if (policy === "paper") return { policy, tolerance };
  return policy === "fixed-point" ? { policy } : { policy, steps };
}
