/** Linear algebra on the host: the factorisations by LAPACK, the rest in plain loops. */

import { GlocalError } from "../../errors.js";
import type { NativeLinalg } from "../../native/addon.js";
import { loadAddon } from "../../native/load.js";
import type { HostMatrix, LinearAlgebra } from "./algebra.js";
import {
  asComplex,
  column,
  columnsOf,
  complexMatrix,
  divideColumns,
  multiply,
  multiplyAdjoint,
  pickColumns,
  realMatrix,
  realPartOf,
  stackColumns,
  topRowsOf,
} from "./host-matrix.js";

const itself = (matrix: HostMatrix) => matrix;

/** dgeqrf and dorgqr, dgesvd, dgeev, zgelsd. */
export const lapack = {
  name: "lapack",
  upload: itself,
  download: itself,
  keepOnly: () => {},
  columns: columnsOf,
  topRows: topRowsOf,
  pickColumns,
  stackColumns,
  realPart: realPartOf,
  divideColumns,
  multiply,
  multiplyAdjoint,
  qr,
  svd,
  eigen,
  leastSquares,
} satisfies LinearAlgebra;

function qr(a: HostMatrix) {
  const { q, r } = call((routines) => routines.qr(a.data, a.rows, a.columns));
  const k = Math.min(a.rows, a.columns);
  return {
    basis: realMatrix(q, a.rows, k),
    coordinates: realMatrix(requireFinite(r), k, a.columns),
  };
}

function svd(a: HostMatrix) {
  const { u, s, vt } = call((routines) => routines.svd(a.data, a.rows, a.columns));
  const k = s.length;
  const right = new Float64Array(a.columns * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < a.columns; j++) {
      right[i * a.columns + j] = vt[j * k + i] as number;
    }
  }
  return {
    left: realMatrix(u, a.rows, k),
    singularValues: s,
    right: realMatrix(right, a.columns, k),
  };
}

function eigen(a: HostMatrix) {
  requireFinite(a.data);
  const { values, vectors } = call((routines) => routines.eig(a.data, a.rows));
  return { values, vectors: complexMatrix(vectors, a.rows, a.columns) };
}

function leastSquares(a: HostMatrix, b: HostMatrix, cutoff: number): HostMatrix {
  const matrix = requireFinite(asComplex(a).data);
  const sides = asComplex(b);
  const data = new Float64Array(2 * a.columns * b.columns);
  for (let j = 0; j < b.columns; j++) {
    const side = column(sides, j);
    const x = call((routines) => routines.lstsqComplex(matrix, a.rows, a.columns, side, cutoff));
    data.set(requireFinite(x), 2 * j * a.columns);
  }
  return complexMatrix(data, a.columns, b.columns);
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
