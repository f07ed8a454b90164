/** The operations on matrices that fits are made of. Each fit is written once, for every algebra. */

/**
 * A matrix of float64, real or complex, where its algebra keeps it: only that algebra can look
 * inside. It never changes.
 */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly complex: boolean;
}

/** A matrix on the host: entry (i, j) is number `j * rows + i`; complex entries are interleaved. */
export interface HostMatrix extends Matrix {
  readonly data: Float64Array;
}

/** A = basis · coordinates, k = min(rows, columns). */
export interface ThinQr {
  /** rows × k, orthonormal columns. */
  readonly basis: Matrix;
  /** k × columns, zero below its diagonal. */
  readonly coordinates: Matrix;
}

/** A = left · diag(singularValues) · rightᴴ, k = min(rows, columns). */
export interface ThinSvd {
  /** rows × k, orthonormal columns. */
  readonly left: Matrix;
  /** k of them, descending. */
  readonly singularValues: Float64Array;
  /** columns × k, orthonormal columns. */
  readonly right: Matrix;
}

export interface Eigen {
  /** Complex, interleaved. */
  readonly values: Float64Array;
  /** Complex: a column of unit length for each value. */
  readonly vectors: Matrix;
}

/**
 * Linear algebra by one library. Every operation throws GLOCAL_LINALG where a routine does not
 * converge or numbers leave the range of float64.
 */
export interface LinearAlgebra {
  readonly name: "lapack" | "cusolver";

  upload(matrix: HostMatrix): Matrix;
  download(matrix: Matrix): HostMatrix;
  /**
   * Gives back the memory of every other matrix that this algebra made: they cannot be used again. Without it,
   * memory comes back when the garbage collector finds them, and it does not see how large they are.
   */
  keepOnly(...kept: readonly Matrix[]): void;

  /** Columns `from` (included) to `to` (excluded). */
  columns(a: Matrix, from: number, to: number): Matrix;
  /** These columns, in this order. */
  pickColumns(a: Matrix, order: readonly number[]): Matrix;
  /** Column j stacks the columns j, …, j + stacks − 1 of A, the earliest on top (eq. 24). */
  stackColumns(a: Matrix, stacks: number): Matrix;
  /** Column k divided by `divisors[k]`. */
  divideColumns(a: Matrix, divisors: Float64Array): Matrix;

  /** A · B, complex if either is. */
  multiply(a: Matrix, b: Matrix): Matrix;
  /** Aᴴ · B, complex if either is. */
  multiplyAdjoint(a: Matrix, b: Matrix): Matrix;

  /** Of a real matrix; LAPACK takes complex ones as well. */
  qr(a: Matrix): ThinQr;
  /** Of a real matrix; LAPACK takes complex ones as well. */
  svd(a: Matrix): ThinSvd;
  /** Right eigenvectors of a real, square matrix; LAPACK takes complex ones as well. */
  eigen(a: Matrix): Eigen;
  /**
   * The complex x of least norm among those with ‖A·x − b‖ least, for each column b. Singular
   * values of A up to `cutoff` times the greatest count as zero.
   */
  leastSquares(a: Matrix, b: Matrix, cutoff: number): Matrix;
}
