/** How a candidate does on points that it has not seen. */
import type { Device } from "../../runtime/device.js";
import type { Trajectory } from "../estimator.js";
import type { Candidate, CandidateForecast } from "./candidates.js";
import { atLeast, type Scales, sizeIn, spreadOf } from "./scales.js";
import { head } from "./trajectories.js";

/** Points of a trajectory that are held out, one after the other. */
const HELD_SHARE = 0.3;
/** Fewest that say anything: a single one may be hit by chance. */
const FEWEST_HELD = 2;
/** Fewest points that a fit is asked to learn from. */
const FEWEST_KNOWN = 4;
/** Fewest points that can be tested against each other. */
export const FEWEST_POINTS = FEWEST_KNOWN + FEWEST_HELD;

export interface Trial {
  readonly candidate: Candidate;
  /** Root mean square of what it missed the held-out points by, in deviations of each entry. */
  readonly error: number;
  /**
   * Root mean square of what its forecasts of the end differ by or, of one that stays, of what it missed the held-out points
   * by, relative to the forecast.
   */
  readonly spread: number;
  readonly estimate: CandidateForecast;
}

/**
 * Asks for each held-out point after a fit to those before it.
 *
 * @param trajectory of at least `FEWEST_POINTS` points
 * @returns null where there is no forecast
 */
export function tryOut(
  candidate: Candidate,
  trajectory: Trajectory,
  { units, floors }: Scales,
  device?: Device,
): Trial | null {
  const { data, points, size, stepsLeft } = trajectory;
  const estimate = candidate.fit(trajectory, device)(stepsLeft);
  if (!estimate) return null;
  const ends = [estimate.gradient];
  const misses: Float64Array[] = [];
  for (let known = points - heldOutOf(points); known < points; known++) {
    const ahead = candidate.fit(head(trajectory, known), device);
    const [next, end] = [ahead(1), ahead(stepsLeft + points - known)];
    if (!next || !end) return null;
    ends.push(end.gradient);
    misses.push(next.gradient.map((value, i) => value - (data[known * size + i] as number)));
  }
  // One that stays is as good as the points agree with it.
  const spread = candidate.moves
    ? spreadOf(ends, floors)
    : sizeIn(atLeast(estimate.gradient, floors), misses);
  return { candidate, error: sizeIn(units, misses), spread, estimate };
}

const heldOutOf = (points: number): number =>
  Math.max(FEWEST_HELD, Math.min(Math.ceil(HELD_SHARE * points), points - FEWEST_KNOWN));
