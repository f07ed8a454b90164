/** The value a fitted trajectory settles at. */

import { GlocalError } from "../errors.js";
import { complexLength, imaginaryPart, realPart } from "./complex.js";
import type { LinearAlgebra, Matrix } from "./linalg/algebra.js";
import { complexMatrix } from "./linalg/host-matrix.js";
import { clampSpectrum } from "./spectrum.js";

export interface SteadyStateOptions {
  /**
   * Which modes count as lasting. `"paper"` (default, eq. 20): where the spectral radius ρ exceeds
   * 1 every eigenvalue is divided by it; then those with |λ − 1| < tolerance are kept, with λ
   * taken as exactly 1.
   */
  readonly policy?: "paper";
  /** Above 0; default 0.1 (the paper gives no number). */
  readonly tolerance?: number;
}

export interface SteadyState {
  /** `features` entries, those at the first snapshot's time; null when no mode was kept. */
  readonly value: Float64Array | null;
  /** How many modes were kept. */
  readonly kept: number;
  /** Which of them, in the order of the eigenvalues. */
  readonly selected: readonly boolean[];
  /** What every eigenvalue was divided by: the spectral radius where it exceeds 1, else 1. */
  readonly clamp: number;
  /** The eigenvalues after that division; complex, interleaved. */
  readonly eigenvalues: Float64Array;
}

/** What a steady state is computed from: the part of a fit that describes its modes. */
export interface ModalModel {
  /** Where the basis and the modes are. */
  readonly algebra: LinearAlgebra;
  readonly features: number;
  /** Complex, interleaved. */
  readonly eigenvalues: Float64Array;
  /** Features first, orthonormal columns. */
  readonly basis: Matrix;
  /** In that basis, a column each. */
  readonly modes: Matrix;
  readonly amplitudes: Float64Array;
}

/**
 * Sums the modes that neither decay nor turn (eq. 13 and 20): Re Σ ξ_i b_i over the kept i, with
 * modes and amplitudes as they were fitted, before the clamp.
 *
 * @throws GLOCAL_BAD_OPTION.
 */
export function steadyState(model: ModalModel, options: SteadyStateOptions = {}): SteadyState {
  const { policy = "paper", tolerance = 0.1 } = options;
  checkOptions(policy, tolerance);
  const { eigenvalues, divisor } = clampSpectrum(model.eigenvalues);
  const selected = Array.from(
    { length: complexLength(eigenvalues) },
    (_, k) => Math.hypot(realPart(eigenvalues, k) - 1, imaginaryPart(eigenvalues, k)) < tolerance,
  );
  const kept = selected.filter(Boolean).length;
  const value = kept === 0 ? null : sumOfModes(model, selected);
  return { value, kept, selected, clamp: divisor, eigenvalues };
}

/** The real part suffices: complex modes are kept in conjugate pairs, whose imaginary parts cancel. */
function sumOfModes(model: ModalModel, selected: readonly boolean[]): Float64Array {
  const { algebra, basis, modes, features } = model;
  const weights = model.amplitudes.map((part, at) => (selected[at >> 1] ? part : 0));
  const sum = algebra.multiply(modes, algebra.upload(complexMatrix(weights, selected.length, 1)));
  const value = algebra.multiply(algebra.topRows(basis, features), algebra.realPart(sum));
  return algebra.download(value).data;
}

function checkOptions(policy: string, tolerance: number): void {
  if (policy !== "paper") {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'policy to be "paper"',
      received: JSON.stringify(policy),
    });
  }
  if (!(tolerance > 0 && Number.isFinite(tolerance))) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "tolerance to be a finite number above 0",
      received: String(tolerance),
    });
  }
}
