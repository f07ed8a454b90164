/** Small dense matrices, column-major as LAPACK has them, and the few products the fits need. */

import { imaginaryPart, realPart, realParts, toComplex } from "../complex.js";
import type { Snapshots } from "../snapshots.js";
import type { HostMatrix } from "./algebra.js";

export function realMatrix(data: Float64Array, rows: number, columns: number): HostMatrix {
  return { data, rows, columns, complex: false };
}

export function complexMatrix(data: Float64Array, rows: number, columns: number): HostMatrix {
  return { data, rows, columns, complex: true };
}

/** Row-major snapshots as a matrix. */
export function fromSnapshots({ data: source, shape: [rows, columns] }: Snapshots): HostMatrix {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      data[j * rows + i] = source[i * columns + j] as number;
    }
  }
  return realMatrix(data, rows, columns);
}

/** A real matrix as row-major snapshots. */
export function toSnapshots({ data: source, rows, columns }: HostMatrix): Snapshots {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      data[i * columns + j] = source[j * rows + i] as number;
    }
  }
  return { data, shape: [rows, columns] };
}

/** Numbers in one column. */
function stride({ rows, complex }: HostMatrix): number {
  return complex ? 2 * rows : rows;
}

/** Column `j`, as a view. */
export function column(matrix: HostMatrix, j: number): Float64Array {
  const length = stride(matrix);
  return matrix.data.subarray(j * length, (j + 1) * length);
}

/** Columns `from` (included) to `to` (excluded), as a view. */
export function columnsOf(matrix: HostMatrix, from: number, to: number): HostMatrix {
  const { rows, complex } = matrix;
  const length = stride(matrix);
  const data = matrix.data.subarray(from * length, to * length);
  return { data, rows, columns: to - from, complex };
}

export function topRowsOf(matrix: HostMatrix, rows: number): HostMatrix {
  if (rows === matrix.rows) {
    return matrix;
  }
  const top = { ...matrix, rows };
  const length = stride(top);
  const data = new Float64Array(length * matrix.columns);
  for (let j = 0; j < matrix.columns; j++) {
    data.set(column(matrix, j).subarray(0, length), j * length);
  }
  return { ...top, data };
}

export function pickColumns(matrix: HostMatrix, order: readonly number[]): HostMatrix {
  const length = stride(matrix);
  const data = new Float64Array(length * order.length);
  order.forEach((from, to) => {
    data.set(column(matrix, from), to * length);
  });
  return { ...matrix, data, columns: order.length };
}

/** Consecutive columns lie one after the other, so each stack is one copy. */
export function stackColumns(matrix: HostMatrix, stacks: number): HostMatrix {
  const rows = matrix.rows * stacks;
  const columns = matrix.columns - stacks + 1;
  const length = stride(matrix) * stacks;
  const data = new Float64Array(length * columns);
  for (let j = 0; j < columns; j++) {
    data.set(columnsOf(matrix, j, j + stacks).data, j * length);
  }
  return { ...matrix, data, rows, columns };
}

export function divideColumns(matrix: HostMatrix, divisors: Float64Array): HostMatrix {
  const { rows, columns, complex } = matrix;
  const length = stride(matrix);
  const data = new Float64Array(length * columns);
  for (let k = 0; k < columns; k++) {
    const divisor = divisors[k] as number;
    for (let at = k * length; at < (k + 1) * length; at++) {
      data[at] = (matrix.data[at] as number) / divisor;
    }
  }
  return { data, rows, columns, complex };
}

export function realPartOf(matrix: HostMatrix): HostMatrix {
  return matrix.complex ? { ...matrix, data: realParts(matrix.data), complex: false } : matrix;
}

export function asComplex(matrix: HostMatrix): HostMatrix {
  return matrix.complex ? matrix : { ...matrix, data: toComplex(matrix.data), complex: true };
}

/** Aᴴ. */
function adjoint(matrix: HostMatrix): HostMatrix {
  const { rows, columns, complex } = matrix;
  const data = new Float64Array(matrix.data.length);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++) {
      const [from, to] = [j * rows + i, i * columns + j];
      if (complex) {
        data[2 * to] = realPart(matrix.data, from);
        data[2 * to + 1] = -imaginaryPart(matrix.data, from);
      } else {
        data[to] = matrix.data[from] as number;
      }
    }
  }
  return { data, rows: columns, columns: rows, complex };
}

/** A · B. */
export function multiply(a: HostMatrix, b: HostMatrix): HostMatrix {
  if (a.complex || b.complex) {
    return multiplyComplex(a, asComplex(b));
  }
  const data = new Float64Array(a.rows * b.columns);
  for (let j = 0; j < b.columns; j++) {
    const target = data.subarray(j * a.rows, (j + 1) * a.rows);
    for (let k = 0; k < a.columns; k++) {
      addScaled(target, b.data[j * b.rows + k] as number, column(a, k));
    }
  }
  return realMatrix(data, a.rows, b.columns);
}

function multiplyComplex(a: HostMatrix, b: HostMatrix): HostMatrix {
  const data = new Float64Array(2 * a.rows * b.columns);
  const add = a.complex ? addComplexScaled : addRealScaled;
  for (let j = 0; j < b.columns; j++) {
    const target = data.subarray(2 * j * a.rows, 2 * (j + 1) * a.rows);
    for (let k = 0; k < a.columns; k++) {
      const at = j * b.rows + k;
      add(target, realPart(b.data, at), imaginaryPart(b.data, at), column(a, k));
    }
  }
  return complexMatrix(data, a.rows, b.columns);
}

/** Aᴴ · B. */
export function multiplyAdjoint(a: HostMatrix, b: HostMatrix): HostMatrix {
  if (a.complex || b.complex) {
    return multiplyComplex(adjoint(a), asComplex(b));
  }
  const data = new Float64Array(a.columns * b.columns);
  for (let j = 0; j < b.columns; j++) {
    for (let i = 0; i < a.columns; i++) {
      data[j * a.columns + i] = dot(column(a, i), column(b, j));
    }
  }
  return realMatrix(data, a.columns, b.columns);
}

/** Adds `factor` times `source` to `target`. */
function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = (target[i] as number) + factor * (source[i] as number);
  }
}

/** Adds re + i·im times the real `source` to the complex `target`. */
function addRealScaled(target: Float64Array, re: number, im: number, source: Float64Array): void {
  for (let i = 0; i < source.length; i++) {
    const value = source[i] as number;
    target[2 * i] = realPart(target, i) + value * re;
    target[2 * i + 1] = imaginaryPart(target, i) + value * im;
  }
}

/** Adds re + i·im times the complex `source` to the complex `target`. */
function addComplexScaled(
  target: Float64Array,
  re: number,
  im: number,
  source: Float64Array,
): void {
  for (let i = 0; i < target.length / 2; i++) {
    const [a, b] = [realPart(source, i), imaginaryPart(source, i)];
    target[2 * i] = realPart(target, i) + a * re - b * im;
    target[2 * i + 1] = imaginaryPart(target, i) + a * im + b * re;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}
