/**
 * The ladder: in each window the first, and so the boldest, forecast that the window's own points bear out. Each candidate is
 * fitted to the first of them and asked for the next one, again and again; what it says then of the end of training
 * must not depend on where the fit stopped.
 */
import type { Device } from "../../runtime/device.js";
import type { Estimate, Trajectory } from "../estimator.js";
import type { Candidate, Foretold } from "./candidates.js";
import { head } from "./trajectories.js";

/** Points of a trajectory that are held out, one after the other. */
const HELD_SHARE = 0.3;
/** Fewest points that a fit is asked to learn from. */
const LEAST = 5;
/** A forecast that moves is borne out where its error is at most this share of that of those that stay. */
const BORNE_OUT = 0.2;
/** Largest spread of forecasts of the end, relative to their size. */
const AGREED = 3;

export interface Trial {
  readonly candidate: Candidate;
  /** Root mean square of what it missed the next points by, in deviations of each entry. */
  readonly error: number;
  /**
   * Root mean square of what its forecasts of the end differ by or, of one that stays, of what it missed the next points
   * by, relative to the forecast.
   */
  readonly spread: number;
  readonly estimate: Foretold;
}

export interface Choice {
  readonly estimate: Estimate;
  /** Whether the window's points were found to follow a law. */
  readonly lawful: boolean;
}

export function choose(trajectory: Trajectory, all: readonly Candidate[], device?: Device): Choice {
  const units = scales(trajectory);
  const trials = all.flatMap((candidate) => {
    const trial = tryOut(candidate, trajectory, units, device);
    return trial ? [trial] : [];
  });
  const staying = trials.filter(({ candidate }) => !candidate.moves);
  const calm = staying.reduce((best, trial) => (trial.error < best.error ? trial : best));
  const bold = trials.find(
    ({ candidate, error, spread }) =>
      candidate.moves && error <= BORNE_OUT * calm.error && spread <= AGREED,
  );
  const mean = staying.find(({ candidate }) => candidate.name === "mean") as Trial;
  // From one point to the next, noise stays as well as a level does: only a clear trend speaks for the last point.
  const taken = bold ?? (calm.error <= BORNE_OUT * mean.error ? calm : mean);
  const { candidate, estimate, error, spread } = taken;
  return {
    estimate: {
      gradient: estimate.gradient,
      eigenvalues: estimate.eigenvalues ?? null,
      fallback: null,
      chosen: candidate.name,
      reason: reasonFor(taken, calm, trials),
      confidence: Number.isFinite(spread) && Number.isFinite(error) ? 1 / (1 + spread) : 0,
    },
    lawful: bold !== undefined,
  };
}

function reasonFor(taken: Trial, calm: Trial, trials: readonly Trial[]): string {
  const shown = (x: number) => (Number.isFinite(x) ? x.toPrecision(2) : "∞");
  if (taken.candidate.moves)
    return `it foretold the held-out points with ${shown(taken.error / calm.error)} of the error of "${calm.candidate.name}"; its forecasts of the end differ by ${shown(taken.spread)} of their size`;
  const bold = trials.filter(({ candidate }) => candidate.moves);
  const best = bold.reduce<Trial | null>((a, b) => (a && a.error <= b.error ? a : b), null);
  if (!best) return "the window has too few points for a fit";
  if (best.error > BORNE_OUT * calm.error)
    return `"${best.candidate.name}" foretold the held-out points with ${shown(best.error / calm.error)} of its error, not ${BORNE_OUT}`;
  return `forecasts of the end by "${best.candidate.name}" differ by ${shown(best.spread)} of their size`;
}

/** Null where it cannot be asked. */
function tryOut(
  candidate: Candidate,
  trajectory: Trajectory,
  units: Float64Array,
  device?: Device,
): Trial | null {
  const { points, size, stepsLeft } = trajectory;
  const estimate = candidate.fit(trajectory, device)(stepsLeft);
  if (!estimate) return null;
  const held = Math.max(0, Math.min(Math.ceil(HELD_SHARE * points), points - LEAST));
  const ends = [estimate.gradient];
  const squares = new Float64Array(size);
  for (let known = points - held; known < points; known++) {
    const ahead = candidate.fit(head(trajectory, known), device);
    const [next, end] = [ahead(1), ahead(stepsLeft + points - known)];
    if (!next || !end) return null;
    ends.push(end.gradient);
    next.gradient.forEach((value, i) => {
      const missed = value - (trajectory.data[known * size + i] as number);
      squares[i] = (squares[i] as number) + missed ** 2 / held;
    });
  }
  const error = rootMean(squares.map((square, i) => ratio(square, (units[i] as number) ** 2)));
  // One that stays is as good as the points agree with it.
  const spread = candidate.moves
    ? spreadOf(ends)
    : rootMean(squares.map((square, i) => ratio(square, (estimate.gradient[i] as number) ** 2)));
  return { candidate, error, spread, estimate };
}

/** Nothing over nothing is nothing. */
const ratio = (a: number, b: number): number => (a === 0 ? 0 : a / b);

const rootMean = (squares: Float64Array): number =>
  Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);

/** The standard deviation of each entry. */
function scales({ data, points, size }: Trajectory): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    const values = Array.from({ length: points }, (_, t) => data[t * size + i] as number);
    const mean = values.reduce((a, b) => a + b, 0) / points;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / points);
  });
}

/** Of all vectors, each entry in units of its own mean. */
function spreadOf(vectors: readonly Float64Array[]): number {
  const first = vectors[0] as Float64Array;
  return rootMean(
    first.map((_, i) => {
      const values = vectors.map((v) => v[i] as number);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      return ratio(square, mean ** 2);
    }),
  );
}
