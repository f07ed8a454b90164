/** Small dense matrices, column-major as LAPACK has them, and the few products the fits need. */

import type { Snapshots } from "./snapshots.js";

/** Entry (i, j) is `data[j * rows + i]`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Row-major snapshots as a matrix. */
export function fromSnapshots({ data: source, shape: [rows, columns] }: Snapshots): Matrix {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      data[j * rows + i] = source[i * columns + j] as number;
    }
  }
  return { data, rows, columns };
}

/** A matrix as row-major snapshots. */
export function toSnapshots({ data: source, rows, columns }: Matrix): Snapshots {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      data[i * columns + j] = source[j * rows + i] as number;
    }
  }
  return { data, shape: [rows, columns] };
}

/** Column `j`, as a view. */
export function column(matrix: Matrix, j: number): Float64Array {
  return matrix.data.subarray(j * matrix.rows, (j + 1) * matrix.rows);
}

/** Columns `from` (included) to `to` (excluded), as a view. */
export function columnsOf(matrix: Matrix, from: number, to: number): Matrix {
  const { data, rows } = matrix;
  return { data: data.subarray(from * rows, to * rows), rows, columns: to - from };
}

/** A · B. */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.rows * b.columns);
  for (let j = 0; j < b.columns; j++) {
    const target = data.subarray(j * a.rows, (j + 1) * a.rows);
    for (let k = 0; k < a.columns; k++) {
      addScaled(target, b.data[j * b.rows + k] as number, column(a, k));
    }
  }
  return { data, rows: a.rows, columns: b.columns };
}

/** Aᵀ · B. */
export function multiplyTransposed(a: Matrix, b: Matrix): Matrix {
  const data = new Float64Array(a.columns * b.columns);
  for (let j = 0; j < b.columns; j++) {
    for (let i = 0; i < a.columns; i++) {
      data[j * a.columns + i] = dot(column(a, i), column(b, j));
    }
  }
  return { data, rows: a.columns, columns: b.columns };
}

/** Adds `factor` times the leading entries of `source` to `target`. */
export function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] as number) + factor * (source[i] as number);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}
