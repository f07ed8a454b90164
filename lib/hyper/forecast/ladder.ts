/**
 * The ladder: in each window the first, and so the boldest, forecast that the window's own points bear out. Each candidate is
 * fitted to the first of them and asked for the next one, again and again; what it says then of the end of training
 * must not depend on where the fit stopped.
 */
import type { Device } from "../../runtime/device.js";
import type { Estimate, Trajectory } from "../estimator.js";
import type { Candidate, CandidateForecast } from "./candidates.js";
import { scalesOf } from "./scales.js";
import { meanPoint } from "./trajectories.js";
import { FEWEST_POINTS, type Trial, tryOut } from "./trial.js";

/** A forecast that moves is borne out where its error is at most this share of that of those that stay. */
const BORNE_OUT = 0.2;
/** Largest spread of forecasts of the end, relative to their size. */
const AGREED = 3;

export interface Choice {
  readonly estimate: Estimate;
  /** Whether the window's points were found to follow a law. */
  readonly lawful: boolean;
}

export function choose(trajectory: Trajectory, all: readonly Candidate[], device?: Device): Choice {
  if (trajectory.points < FEWEST_POINTS) return untested(trajectory);
  const scales = scalesOf(trajectory);
  const trials = all.flatMap((candidate) => {
    const trial = tryOut(candidate, trajectory, scales, device);
    return trial ? [trial] : [];
  });
  const moving = trials.filter(({ candidate }) => candidate.moves);
  const staying = trials.filter(({ candidate }) => !candidate.moves);
  const nearest = leastError(staying);
  const mean = staying.find(({ candidate }) => candidate.name === "mean") as Trial;
  const borneOut = moving.find((trial) => isBorneOut(trial, nearest));
  // From one point to the next, noise stays as well as a level does: only a clear trend speaks for the last point.
  const level = nearest.error <= BORNE_OUT * mean.error ? nearest : mean;
  const { candidate, estimate, error, spread } = borneOut ?? level;
  const confidence = Number.isFinite(spread) && Number.isFinite(error) ? 1 / (1 + spread) : 0;
  return {
    estimate: {
      ...estimateOf(borneOut ? estimate : shrunk(estimate, confidence)),
      chosen: candidate.name,
      reason: borneOut ? whyItMoves(borneOut, nearest) : whyItStays(moving, nearest),
      confidence,
    },
    lawful: borneOut !== undefined,
  };
}

/** What points do not agree on is as likely nothing: a level counts as far as it can be trusted (shrinkage). */
const shrunk = (estimate: CandidateForecast, confidence: number): CandidateForecast => ({
  ...estimate,
  gradient: estimate.gradient.map((value) => value * confidence),
});

function untested(trajectory: Trajectory): Choice {
  const estimate = {
    ...estimateOf({ gradient: meanPoint(trajectory) }),
    chosen: "mean",
    reason: `too few points to hold any out: ${trajectory.points}, not ${FEWEST_POINTS}`,
    confidence: 0,
  };
  return { estimate, lawful: false };
}

const estimateOf = ({ gradient, eigenvalues }: CandidateForecast): Estimate => ({
  gradient,
  eigenvalues: eigenvalues ?? null,
  fallback: null,
});

/** Nothing is gained on those that stay where they miss nothing. */
const isBorneOut = ({ error, spread }: Trial, nearest: Trial): boolean =>
  nearest.error > 0 && error <= BORNE_OUT * nearest.error && spread <= AGREED;

const leastError = (trials: readonly Trial[]): Trial =>
  trials.reduce((best, trial) => (trial.error < best.error ? trial : best));

const shown = (x: number): string => (Number.isFinite(x) ? x.toPrecision(2) : "∞");

const whyItMoves = ({ error, spread }: Trial, nearest: Trial): string =>
  `it foretold the held-out points with ${shown(error / nearest.error)} of the error of "${nearest.candidate.name}"; its forecasts of the end differ by ${shown(spread)} of their size`;

function whyItStays(moving: readonly Trial[], nearest: Trial): string {
  if (nearest.error === 0) return "the held-out points do not move";
  if (moving.length === 0) return "no operator could be fitted to the points";
  const { candidate, error, spread } = leastError(moving);
  if (!(error <= BORNE_OUT * nearest.error))
    return `"${candidate.name}" foretold the held-out points with ${shown(error / nearest.error)} of the error of "${nearest.candidate.name}", not ${BORNE_OUT}`;
  return `forecasts of the end by "${candidate.name}" differ by ${shown(spread)} of their size`;
}
