/** Linear algebra on the host: factorisations by LAPACK, long products by BLAS, the rest in plain loops. */

import { GlocalError } from "../../errors.js";
import type { NativeLinalg } from "../../native/addon.js";
import { loadAddon } from "../../native/load.js";
import { imaginaryParts, realParts } from "../complex.js";
import type { HostMatrix, LinearAlgebra } from "./algebra.js";
import {
  adjoint,
  asComplex,
  columnsOf,
  complexMatrix,
  divideColumns,
  multiply,
  multiplyAdjoint,
  pickColumns,
  stackColumns,
} from "./host-matrix.js";

const itself = (matrix: HostMatrix) => matrix;

/** dgeqrf and dorgqr, dgesvd, dgeev, their complex twins, zgelsd. */
export const lapack = {
  name: "lapack",
  upload: itself,
  download: itself,
  keepOnly: () => {},
  columns: columnsOf,
  pickColumns,
  stackColumns,
  divideColumns,
  multiply: (a: HostMatrix, b: HostMatrix) => product(a, b, false),
  multiplyAdjoint: (a: HostMatrix, b: HostMatrix) => product(a, b, true),
  qr,
  svd,
  eigen,
  leastSquares,
} satisfies LinearAlgebra;

/** Multiplications from which a call of dgemm is faster than a loop. */
const WORTH_A_CALL = 50_000;

function product(a: HostMatrix, b: HostMatrix, adjointly: boolean): HostMatrix {
  const [m, k] = adjointly ? [a.columns, a.rows] : [a.rows, a.columns];
  if (m * k * b.columns < WORTH_A_CALL) {
    return adjointly ? multiplyAdjoint(a, b) : multiply(a, b);
  }
  if (adjointly && a.complex) {
    return product(adjoint(a), b, false);
  }
  // Interleaved, a complex matrix is a real one with twice the rows.
  const rows = a.complex ? 2 * m : m;
  const by = (right: Float64Array) =>
    call((routines) => routines.multiply(a.data, right, rows, k, b.columns, adjointly));
  if (!b.complex) {
    return { data: by(b.data), rows: m, columns: b.columns, complex: a.complex };
  }
  const [ofReal, ofImaginary] = [by(realParts(b.data)), by(imaginaryParts(b.data))];
  const data = a.complex ? plusTurned(ofReal, ofImaginary) : interleaved(ofReal, ofImaginary);
  return complexMatrix(data, m, b.columns);
}

function interleaved(re: Float64Array, im: Float64Array): Float64Array {
  const data = new Float64Array(2 * re.length);
  for (let at = 0; at < re.length; at++) {
    data[2 * at] = re[at] as number;
    data[2 * at + 1] = im[at] as number;
  }
  return data;
}

/** a + i·b, both complex; in the place of a. */
function plusTurned(a: Float64Array, b: Float64Array): Float64Array {
  for (let at = 0; at < a.length; at += 2) {
    a[at] = (a[at] as number) - (b[at + 1] as number);
    a[at + 1] = (a[at + 1] as number) + (b[at] as number);
  }
  return a;
}

function qr(a: HostMatrix) {
  const { rows, columns, complex } = a;
  const { q, r } = call((routines) => routines.qr(a.data, rows, columns, complex));
  const k = Math.min(rows, columns);
  return {
    basis: { data: q, rows, columns: k, complex },
    coordinates: { data: requireFinite(r), rows: k, columns, complex },
  };
}

function svd(a: HostMatrix) {
  requireFinite(a.data);
  const { rows, columns, complex } = a;
  const { u, s, vt } = call((routines) => routines.svd(a.data, rows, columns, complex));
  const k = s.length;
  return {
    left: { data: u, rows, columns: k, complex },
    singularValues: s,
    right: adjoint({ data: vt, rows: k, columns, complex }),
  };
}

function eigen(a: HostMatrix) {
  requireFinite(a.data);
  const { values, vectors } = call((routines) => routines.eig(a.data, a.rows, a.complex));
  return { values, vectors: complexMatrix(vectors, a.rows, a.columns) };
}

function leastSquares(a: HostMatrix, b: HostMatrix, cutoff: number): HostMatrix {
  const matrix = requireFinite(asComplex(a).data);
  const sides = requireFinite(asComplex(b).data);
  const { rows, columns } = a;
  const x = call((routines) =>
    routines.lstsqComplex(matrix, rows, columns, sides, cutoff, b.columns),
  );
  return complexMatrix(requireFinite(x), columns, b.columns);
}

/** A = Z · T · Zᴴ by zgees: T is upper triangular, Z unitary; both complex. */
export interface Schur {
  readonly triangle: HostMatrix;
  readonly vectors: HostMatrix;
}

export function schur(a: HostMatrix): Schur {
  const n = a.rows;
  const data = requireFinite(asComplex(a).data);
  const { t, z } = call((routines) => routines.schur(data, n));
  return { triangle: complexMatrix(t, n, n), vectors: complexMatrix(z, n, n) };
}

/** The same by ztrexc with the diagonal entries at `order[0]`, `order[1]`, … in that order. */
export function reorderSchur({ triangle, vectors }: Schur, order: readonly number[]): Schur {
  const n = triangle.rows;
  const { t, z } = call((routines) =>
    routines.reorderSchur(triangle.data, vectors.data, n, Int32Array.from(order)),
  );
  return { triangle: complexMatrix(t, n, n), vectors: complexMatrix(z, n, n) };
}

/** X with A·X − X·B = C by ztrsyl; A and B upper triangular, all complex. */
export function sylvester(a: HostMatrix, b: HostMatrix, c: HostMatrix): HostMatrix {
  const x = call((routines) => routines.sylvester(a.data, a.rows, b.data, b.rows, c.data));
  return complexMatrix(requireFinite(x), c.rows, c.columns);
}

/**
 * Finite snapshots may still hold ratios that overflow. LAPACK may not return from a NaN, so every
 * intermediate is looked at before it is handed on.
 */
export function requireFinite(values: Float64Array): Float64Array {
  // A plain loop: `every` took longer than a small factorisation.
  let k = 0;
  while (k < values.length && Number.isFinite(values[k])) {
    k++;
  }
  if (k < values.length) {
    throw new GlocalError("GLOCAL_LINALG", {
      expected: "a fit within the range of float64",
      received: "an overflow",
      hint: "Scale the trajectory, or raise rcond so that vanishing directions are dropped.",
    });
  }
  return values;
}

function call<Result>(routine: (routines: NativeLinalg) => Result): Result {
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
