/** Exact DMD of a pair of matrices (Tu et al., 2014). */

import { applyToComplex, toComplex } from "./complex.js";
import { eigen, leastSquares, thinSvd } from "./linalg.js";
import { column, leadingColumns, type Matrix, multiply, multiplyTransposed } from "./matrix.js";
import { spectralOrder } from "./spectrum.js";

/** Complex arrays are interleaved: entry k at [2k] (real part) and [2k + 1] (imaginary part). */
export interface FittedModes {
  /** How many singular values were kept; the number of modes. */
  readonly rank: number;
  /** All of X's, descending, kept or not. */
  readonly singularValues: Float64Array;
  /** Complex; by |λ| descending, then real part ascending, then imaginary part ascending. */
  readonly eigenvalues: Float64Array;
  /** One complex vector of (stacked) features for each eigenvalue. */
  readonly modes: readonly Float64Array[];
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
 * Modes of the operator that takes the columns of X to those of Y:
 * X = U Σ Vᵀ truncated to rank r, K̃ = Uᵀ Y V Σ⁻¹, K̃ W = W Λ, modes Ξ = Y V Σ⁻¹ W, amplitudes
 * Ξ⁺ x₁. The scale of W does not matter: amplitudes undo it.
 */
export function exactModes(x: Matrix, y: Matrix, truncation: Truncation): FittedModes {
  const { left, singularValues, right } = thinSvd(x);
  const rank = numericalRank(singularValues, truncation);
  if (rank === 0) {
    const none = new Float64Array(0);
    return { rank, singularValues, eigenvalues: none, modes: [], amplitudes: none };
  }
  const advanced = divideColumns(multiply(y, leadingColumns(right, rank)), singularValues);
  const reduced = multiplyTransposed(leadingColumns(left, rank), advanced);
  const { values, vectors } = eigen(reduced);
  const order = spectralOrder(values);
  const eigenvalues = Float64Array.from(
    order.flatMap((k) => [...values.subarray(2 * k, 2 * k + 2)]),
  );
  const modes = order.map((k) => applyToComplex(advanced, vectors[k] as Float64Array));
  const amplitudes = leastSquares(modes, toComplex(column(x, 0)));
  return { rank, singularValues, eigenvalues, modes, amplitudes };
}

function numericalRank(singularValues: Float64Array, { rcond, maxRank }: Truncation): number {
  const cutoff = rcond * (singularValues[0] as number);
  const above = singularValues.filter((value) => value > cutoff).length;
  return Math.min(above, maxRank);
}

/** Divides column k by divisors[k], in place: the matrix is this module's own. */
function divideColumns(matrix: Matrix, divisors: Float64Array): Matrix {
  for (let k = 0; k < matrix.columns; k++) {
    const entries = column(matrix, k);
    const divisor = divisors[k] as number;
    for (let i = 0; i < entries.length; i++) {
      entries[i] = (entries[i] as number) / divisor;
    }
  }
  return matrix;
}
