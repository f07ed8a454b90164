/** Which estimator wins on noisy trajectories of three numbers whose spectrum is known. */
import type { Estimator } from "../../hyper/estimator.js";
import { tail } from "../../hyper/forecast/trajectories.js";
import { median, relativeError } from "../measures.js";
import { type Eigenvalue, OBSERVED, observe, system, withNoise } from "./system.js";

export const SPECTRA: Readonly<Record<string, readonly Eigenvalue[]>> = {
  "settles fast: 1, 0.7, 0.5": [1, 0.7, 0.5],
  "settles slowly: 1, 0.98, 0.9": [1, 0.98, 0.9],
  "decays: 0.97, 0.9, 0.8": [0.97, 0.9, 0.8],
  "turns and settles: 1, 0.95 e^(±0.8 i)": [1, [0.95, 0.8]],
  "many modes: 1, 0.97, 0.9, 0.8, 0.9 e^(±0.5 i)": [1, 0.97, 0.9, 0.8, [0.9, 0.5]],
};

export interface NoiseOptions {
  readonly noises: readonly number[];
  /** Trajectories of each spectrum and noise. */
  readonly trials: number;
  /** Points before the end that estimators see, and steps to the end of training. */
  readonly points: number;
  readonly ahead: number;
}

export const NOISE: NoiseOptions = {
  noises: [0, 0.01, 0.05, 0.1, 0.2],
  trials: 40,
  points: 50,
  ahead: 200,
};

export interface NoiseRow {
  readonly spectrum: string;
  readonly noise: number;
  /** Median relative error by estimator. */
  readonly errors: Readonly<Record<string, number>>;
  readonly winner: string;
}

export function noiseTrials(
  estimators: Readonly<Record<string, Estimator>>,
  { noises, trials, points, ahead }: NoiseOptions = NOISE,
): NoiseRow[] {
  return Object.entries(SPECTRA).flatMap(([spectrum, eigenvalues]) =>
    noises.map((noise) => {
      const found = new Map<string, number[]>(Object.keys(estimators).map((name) => [name, []]));
      for (let trial = 0; trial < trials; trial++) {
        const clean = observe(system(eigenvalues, trial), points + ahead);
        const truth = clean.slice(-OBSERVED);
        const data = withNoise(clean.slice(0, points * OBSERVED), noise, 5000 + trial);
        const whole = { data, points, size: OBSERVED, stepsLeft: ahead };
        for (const [name, estimator] of Object.entries(estimators)) {
          const { gradient } = estimator.estimate(tail(whole, estimator.last));
          found.get(name)?.push(relativeError(gradient, truth) ?? Number.NaN);
        }
      }
      const errors = Object.fromEntries(
        [...found].map(([name, values]) => [name, median(values) as number]),
      );
      const [winner] = Object.entries(errors).reduce((a, b) => (b[1] < a[1] ? b : a));
      return { spectrum, noise, errors, winner };
    }),
  );
}
