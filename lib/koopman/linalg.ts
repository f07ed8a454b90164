/** The four LAPACK factorisations that the fits stand on, as functions of matrices with coded errors. */

import { GlocalError } from "../errors.js";
import type { NativeLinalg } from "../native/addon.js";
import { loadAddon } from "../native/load.js";
import type { Matrix } from "./matrix.js";

export interface ThinSvd {
  /** rows × k, orthonormal columns, k = min(rows, columns). */
  readonly left: Matrix;
  /** k of them, descending. */
  readonly singularValues: Float64Array;
  /** columns × k, orthonormal columns. */
  readonly right: Matrix;
}

/** A = left · diag(singularValues) · rightᵀ (LAPACK dgesvd). */
export function thinSvd(a: Matrix): ThinSvd {
  const { u, s, vt } = call((lapack) => lapack.svd(a.data, a.rows, a.columns));
  const k = s.length;
  const right = new Float64Array(a.columns * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < a.columns; j++) {
      right[i * a.columns + j] = vt[j * k + i] as number;
    }
  }
  return {
    left: { data: u, rows: a.rows, columns: k },
    singularValues: s,
    right: { data: right, rows: a.columns, columns: k },
  };
}

export interface ThinQr {
  /** rows × k, orthonormal columns, k = min(rows, columns). */
  readonly basis: Matrix;
  /** k × columns, zero below its diagonal. */
  readonly coordinates: Matrix;
}

/** A = basis · coordinates (LAPACK dgeqrf, dorgqr). */
export function thinQr(a: Matrix): ThinQr {
  const { q, r } = call((lapack) => lapack.qr(a.data, a.rows, a.columns));
  const k = Math.min(a.rows, a.columns);
  return {
    basis: { data: q, rows: a.rows, columns: k },
    coordinates: { data: requireFinite(r), rows: k, columns: a.columns },
  };
}

export interface Eigen {
  /** Complex, interleaved. */
  readonly values: Float64Array;
  /** One complex, interleaved vector of unit length for each value. */
  readonly vectors: readonly Float64Array[];
}

/** Eigenvalues and right eigenvectors of a square real matrix (LAPACK dgeev). */
export function eigen(a: Matrix): Eigen {
  requireFinite(a.data);
  const { values, vectors } = call((lapack) => lapack.eig(a.data, a.rows));
  const stride = 2 * a.rows;
  return {
    values,
    vectors: Array.from({ length: a.columns }, (_, k) =>
      vectors.slice(k * stride, (k + 1) * stride),
    ),
  };
}

/**
 * Minimum-norm complex least squares (LAPACK zgelsd): the x with ‖Σ columns_k · x_k − b‖ smallest.
 * Singular values of the columns below `cutoff` times the largest count as zero.
 */
export function leastSquares(
  columns: readonly Float64Array[],
  b: Float64Array,
  cutoff: number,
): Float64Array {
  const rows = b.length / 2;
  const data = new Float64Array(columns.length * b.length);
  columns.forEach((entries, k) => {
    data.set(entries, k * b.length);
  });
  requireFinite(data);
  return requireFinite(
    call((lapack) => lapack.lstsqComplex(data, rows, columns.length, b, cutoff)),
  );
}

/**
 * Finite snapshots may still hold ratios that overflow. LAPACK may not return from a NaN, so every
 * intermediate is looked at before it is handed on.
 */
function requireFinite(values: Float64Array): Float64Array {
  if (!values.every(Number.isFinite)) {
    throw new GlocalError("GLOCAL_LINALG", {
      expected: "a fit within the range of float64",
      received: "an overflow",
      hint: "Scale the trajectory, or raise rcond so that vanishing directions are dropped.",
    });
  }
  return values;
}

function call<Result>(routine: (lapack: NativeLinalg) => Result): Result {
  const { linalg } = loadAddon();
  try {
    return routine(linalg);
  } catch (cause) {
    throw new GlocalError("GLOCAL_LINALG", {
      expected: "a LAPACK routine to converge",
      received: cause instanceof Error ? `"${cause.message}"` : String(cause),
      cause,
    });
  }
}
