/** Exact DMD of a series of snapshots (Tu et al., 2014). */

import type { LinearAlgebra, Matrix } from "./linalg/algebra.js";
import { spectralOrder } from "./spectrum.js";

/** Complex arrays are interleaved: entry k at [2k] (real part) and [2k + 1] (imaginary part). */
export interface FittedModes {
  /** How many singular values were kept; the number of modes. */
  readonly rank: number;
  /** All of X's, descending, kept or not. */
  readonly singularValues: Float64Array;
  /** Complex; by |λ| descending, then real part ascending, then imaginary part ascending. */
  readonly eigenvalues: Float64Array;
  /** (Stacked) features × coordinates, orthonormal columns. */
  readonly basis: Matrix;
  /** The modes in that basis: one column of coordinates for each eigenvalue. */
  readonly modes: Matrix;
  /** Complex; how much of each mode the first column of X holds. */
  readonly amplitudes: Float64Array;
}

export interface Truncation {
  /** Singular values at or below this part of the largest are dropped. */
  readonly rcond: number;
  /** And those after this many. */
  readonly maxRank: number;
}

/**
 * Modes of the operator that takes each column of S to the next. X holds all columns but the last,
 * Y all but the first:
 * X = U Σ Vᵀ truncated to rank r, K̃ = Uᵀ Y V Σ⁻¹, K̃ W = W Λ, modes Ξ = Y V Σ⁻¹ W, amplitudes
 * Ξ⁺ x₁. The scale of W does not matter: amplitudes undo it.
 *
 * All of this happens in the span of S, so it is done to R of S = Q R, which is as small as there
 * are columns: Q, the basis, keeps lengths and angles.
 */
export function exactModes(
  algebra: LinearAlgebra,
  snapshots: Matrix,
  truncation: Truncation,
): FittedModes {
  const { basis, coordinates } = algebra.qr(snapshots);
  const last = coordinates.columns - 1;
  const x = algebra.columns(coordinates, 0, last);
  const y = algebra.columns(coordinates, 1, last + 1);
  const { left, singularValues, right } = algebra.svd(x);
  const rank = numericalRank(singularValues, truncation);
  if (rank === 0) {
    const none = new Float64Array(0);
    const modes = algebra.columns(x, 0, 0);
    return { rank, singularValues, eigenvalues: none, basis, modes, amplitudes: none };
  }
  const directions = algebra.multiply(y, algebra.columns(right, 0, rank));
  const advanced = algebra.divideColumns(directions, singularValues);
  const reduced = algebra.multiplyAdjoint(algebra.columns(left, 0, rank), advanced);
  const { values, vectors } = algebra.eigen(reduced);
  const order = spectralOrder(values);
  const eigenvalues = Float64Array.from(
    order.flatMap((k) => [...values.subarray(2 * k, 2 * k + 2)]),
  );
  const modes = algebra.multiply(advanced, algebra.pickColumns(vectors, order));
  // Round-off in the snapshots grows with their rows, which R no longer has.
  const cutoff = Number.EPSILON * Math.max(snapshots.rows, rank);
  const amplitudes = algebra.leastSquares(modes, algebra.columns(x, 0, 1), cutoff);
  return {
    rank,
    singularValues,
    eigenvalues,
    basis,
    modes,
    amplitudes: algebra.download(amplitudes).data,
  };
}

function numericalRank(singularValues: Float64Array, { rcond, maxRank }: Truncation): number {
  const cutoff = rcond * (singularValues[0] as number);
  const above = singularValues.filter((value) => value > cutoff).length;
  return Math.min(above, maxRank);
}
