/** Trajectories with known spectra, comparisons of spectra, and the libraries that fits can be made with. */

import { type DmdOptions, dmd, type Snapshots } from "../../lib/koopman/index.js";
import { chooseAlgebra } from "../../lib/koopman/linalg/choose.js";
import { devices } from "../../lib/runtime/device.js";

const hasCuda = devices().some(({ name, usable }) => name === "cuda" && usable);

/** Those that this machine has: LAPACK, and cuSOLVER where there is a CUDA device. */
export const libraries: readonly Library[] = hasCuda ? ["lapack", "cusolver"] : ["lapack"];
export type Library = "lapack" | "cusolver";

export function algebraOf(library: Library) {
  return chooseAlgebra({ linalg: library });
}

/** `dmd` by one library. */
export function dmdBy(linalg: Library) {
  return (snapshots: Snapshots | readonly Snapshots[], options: DmdOptions = {}) =>
    dmd(snapshots, { ...options, linalg });
}

export type Complex = readonly [re: number, im: number];

/** Row-major snapshots from rows of numbers, one row a feature. */
export function snapshotsOf(rows: readonly (readonly number[])[]): Snapshots {
  return { data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
}

/** Snapshots whose feature i at time t is `value(i, t)`. */
export function trajectory(
  features: number,
  time: number,
  value: (feature: number, t: number) => number,
): Snapshots {
  const rows = Array.from({ length: features }, (_, i) =>
    Array.from({ length: time }, (__, t) => value(i, t)),
  );
  return snapshotsOf(rows);
}

export function distance(a: Complex, b: Complex): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Largest distance when each expected value is paired with the nearest found one not yet taken. */
export function spectrumError(found: readonly Complex[], expected: readonly Complex[]): number {
  if (found.length !== expected.length) {
    return Number.POSITIVE_INFINITY;
  }
  const free = [...found];
  let worst = 0;
  for (const value of expected) {
    const distances = free.map((candidate) => distance(candidate, value));
    const nearest = distances.indexOf(Math.min(...distances));
    worst = Math.max(worst, distances[nearest] as number);
    free.splice(nearest, 1);
  }
  return worst;
}

/** ‖a − b‖ / max(‖b‖, floor); vectors of different lengths are no pair, so that a missing one fails. */
export function relativeError(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  floor = Number.MIN_VALUE,
): number {
  if (a.length !== b.length) {
    throw new RangeError(`vectors of ${a.length} and ${b.length} entries`);
  }
  const difference = Math.hypot(...Array.from(a, (value, i) => value - (b[i] as number)));
  return difference / Math.max(Math.hypot(...Array.from(b)), floor);
}
