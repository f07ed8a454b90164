/** What every variant returns, and the regression that most of them end with. */

import type { HostMatrix, LinearAlgebra, Matrix } from "../linalg/algebra.js";
import { multiply, multiplyAdjoint, zeros } from "../linalg/host-matrix.js";
import { countKept, divisors, type Truncation } from "../truncation.js";

/** State space: column t of the stacked coordinates is lift · stateₜ, and stateₜ₊₁ = matrix · stateₜ. */
export interface Operator {
  /** Stacked coordinates × states. */
  readonly lift: HostMatrix;
  /** States × states. */
  readonly matrix: HostMatrix;
  /** The last state is the constant 1, and the last row of the matrix (0 … 0 1). */
  readonly affine: boolean;
}

/**
 * What inputs u add: column t + 1 is lift · stateₜ₊₁ + readout · uₜ and stateₜ₊₁ = matrix · stateₜ + drive · uₜ₋₁,
 * where stateₜ₊₁ is what `encode` makes of column t.
 */
export interface Inputs {
  readonly drive: HostMatrix;
  readonly readout: HostMatrix;
  encode(column: HostMatrix): HostMatrix;
}

/** Modes that were fitted as such. Complex; column t is Σ modes · eigenvaluesᵗ · amplitudes. */
export interface Spectrum {
  readonly eigenvalues: Float64Array;
  readonly modes: HostMatrix;
  readonly amplitudes: Float64Array;
}

export interface VariantFit {
  /** How many singular values were kept. */
  readonly rank: number;
  /** All of them, descending, kept or not. */
  readonly singularValues: Float64Array;
  readonly operator: Operator;
  readonly inputs: Inputs | null;
  /** The columns that should follow `x`, given the inputs in between. */
  advance(x: HostMatrix, inputs: HostMatrix | null): HostMatrix;
  /** Null: to be computed from the operator. */
  readonly spectrum: Spectrum | null;
  /** How an iterative fit ended; null for the others. */
  readonly iteration: Iteration | null;
  /** The trials of `"bagged"`, eigenvalue by eigenvalue in the order of `spectrum`; empty for others. */
  readonly members: readonly Spectrum[];
}

export interface Iteration {
  /** Of `"bagged"`: the most that a trial took. */
  readonly iterations: number;
  /** Whether it ended where no step helps any more, not at `maxIterations`; of `"bagged"`: whether all trials did. */
  readonly converged: boolean;
  /** How many trials did not; of `"optimized"` 0 or 1. */
  readonly unconverged: number;
}

export interface Regression {
  readonly rank: number;
  readonly singularValues: Float64Array;
  /** U, cut to the rank. */
  readonly left: HostMatrix;
  /** Y V Σ⁻¹. */
  readonly lift: HostMatrix;
  /** K̃ = Uᴴ Y V Σ⁻¹. */
  readonly matrix: HostMatrix;
}

/** A matrix's shape before it was shortened, ridge μ, and what counts as round-off. */
export interface RegressionOptions extends Truncation {
  readonly rows: number;
  readonly columns: number;
  readonly tikhonov?: number;
  readonly floor?: number;
}

/** K = argmin ‖Y − K X‖ (eq. 14) on X = U Σ Vᴴ, cut: dgesvd or zgesvd. */
export function regress(
  at: LinearAlgebra,
  x: Matrix,
  y: Matrix,
  options: RegressionOptions,
): Regression {
  const { left, singularValues, right } = at.svd(x);
  const { rows, columns, tikhonov = 0, floor = 0 } = options;
  const rank = countKept(singularValues, options, rows, columns, floor);
  if (rank === 0) {
    const none = zeros(x.rows, 0, x.complex);
    return { rank, singularValues, left: none, lift: none, matrix: zeros(0, 0, x.complex) };
  }
  const directions = at.multiply(y, at.columns(right, 0, rank));
  const lift = at.divideColumns(directions, divisors(singularValues, rank, tikhonov));
  const kept = at.columns(left, 0, rank);
  return {
    rank,
    singularValues,
    left: at.download(kept),
    lift: at.download(lift),
    matrix: at.download(at.multiplyAdjoint(kept, lift)),
  };
}

/** A fit by least squares alone: no inputs, no iteration, its spectrum to be computed. */
export function plainFit(
  { rank, singularValues }: Pick<Regression, "rank" | "singularValues">,
  lift: HostMatrix,
  matrix: HostMatrix,
  advance: (x: HostMatrix) => HostMatrix,
): VariantFit {
  return {
    rank,
    singularValues,
    operator: { lift, matrix, affine: false },
    inputs: null,
    advance,
    spectrum: null,
    iteration: null,
    members: [],
  };
}

/** Modes Y V Σ⁻¹ W: the fit that uses K as it is. */
export function exactFit(regression: Regression): VariantFit {
  const { left, lift, matrix } = regression;
  return plainFit(regression, lift, matrix, (x) => multiply(lift, multiplyAdjoint(left, x)));
}

/** Modes U W: the fit that uses U K̃ Uᴴ, for any orthonormal U and K̃. */
export function projectedFit(
  regression: Pick<Regression, "rank" | "singularValues">,
  left: HostMatrix,
  matrix: HostMatrix,
): VariantFit {
  return plainFit(regression, left, matrix, (x) =>
    multiply(left, multiply(matrix, multiplyAdjoint(left, x))),
  );
}
