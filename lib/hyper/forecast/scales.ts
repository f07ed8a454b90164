/** What an entry of a hypergradient is measured in, so that all hyperparameters count alike. */
import type { Trajectory } from "../estimator.js";
import { entrySizes, meanPoint } from "./trajectories.js";

/**
 * An entry whose deviation, relative to its size, is at most this share of the liveliest one's is still: what
 * forecasts miss it by is rounding, of which its own deviation is no measure.
 */
const STILL = 1e-3;
/** A forecast below this share of an entry's size is as good as zero, whatever its digits. */
const OF_ITS_SIZE = 1e-3;
/** The same of the largest entry's size, whose rounding a joint fit spreads to entries that are always zero. */
const OF_THE_LARGEST = 1e-12;

export interface Scales {
  /** The standard deviation of each entry; infinite where it is still, so that it does not vote. */
  readonly units: Float64Array;
  /** Values that are as good as zero; 0 only where all points are. */
  readonly floors: Float64Array;
}

export function scalesOf(trajectory: Trajectory): Scales {
  const sizes = entrySizes(trajectory);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const floors = sizes.map((size) => Math.max(OF_ITS_SIZE * size, OF_THE_LARGEST * largest));
  const deviations = entrySizes(trajectory, meanPoint(trajectory));
  const liveliness = deviations.map((deviation, i) => ratio(deviation, sizes[i] as number));
  const still = STILL * liveliness.reduce((a, b) => Math.max(a, b), 0);
  const units = deviations.map((deviation, i) =>
    (liveliness[i] as number) > still ? deviation : Number.POSITIVE_INFINITY,
  );
  return { units, floors };
}

/** Root mean square of all entries of vectors, each in its unit. */
export function sizeIn(units: Float64Array, vectors: readonly Float64Array[]): number {
  // In units before they are squared, so that numbers of any size stay in range.
  const squares = vectors.flatMap((vector) =>
    Array.from(vector, (value, i) => ratio(value, units[i] as number) ** 2),
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** Root mean square of what vectors differ from their mean by, each entry in units of it. */
export function spreadOf(vectors: readonly Float64Array[], floors: Float64Array): number {
  const mean = floors.map((_, i) =>
    vectors.reduce((sum, vector) => sum + (vector[i] as number) / vectors.length, 0),
  );
  const apart = vectors.map((vector) => vector.map((value, i) => value - (mean[i] as number)));
  return sizeIn(atLeast(mean, floors), apart);
}

/** The size of each entry, or its floor. */
export const atLeast = (values: Float64Array, floors: Float64Array): Float64Array =>
  floors.map((floor, i) => Math.max(Math.abs(values[i] as number), floor));

/** Nothing over nothing is nothing. */
const ratio = (a: number, b: number): number => (a === 0 ? 0 : a / b);
