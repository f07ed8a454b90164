/** Small dense matrices, column-major as LAPACK has them, and the few products the fits need. */

import { imaginaryPart, realPart, realParts, toComplex } from "../complex.js";
import type { Snapshots, SnapshotsInput } from "../snapshots.js";
import type { HostMatrix } from "./algebra.js";

export function realMatrix(data: Float64Array, rows: number, columns: number): HostMatrix {
  return { data, rows, columns, complex: false };
}

export function complexMatrix(data: Float64Array, rows: number, columns: number): HostMatrix {
  return { data, rows, columns, complex: true };
}

/** Row-major snapshots as a matrix. */
export function fromSnapshots({
  data: source,
  shape,
  complex = false,
}: SnapshotsInput): HostMatrix {
  const [rows, columns] = shape;
  const data = new Float64Array(source.length);
  transpose(source, data, rows, columns, complex);
  return { data, rows, columns, complex };
}

/** A matrix as row-major snapshots. */
export function toSnapshots({ data: source, rows, columns, complex }: HostMatrix): Snapshots {
  const data = new Float64Array(source.length);
  transpose(source, data, columns, rows, complex);
  return { data, shape: [rows, columns], ...(complex && { complex }) };
}

/** Entries of a row-major rows × columns array, column by column. In tiles, for the cache's sake. */
function transpose(
  from: ArrayLike<number>,
  to: Float64Array,
  rows: number,
  columns: number,
  complex: boolean,
): void {
  const tile = 32;
  for (let top = 0; top < rows; top += tile) {
    const bottom = Math.min(top + tile, rows);
    for (let j = 0; j < columns; j++) {
      for (let i = top; i < bottom; i++) {
        const [source, target] = [i * columns + j, j * rows + i];
        if (complex) {
          to[2 * target] = from[2 * source] as number;
          to[2 * target + 1] = from[2 * source + 1] as number;
        } else {
          to[target] = from[source] as number;
        }
      }
    }
  }
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
export function adjoint(matrix: HostMatrix): HostMatrix {
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
    for (let k = 0; k < a.columns; k++) {
      const factor = b.data[j * b.rows + k] as number;
      const [from, to] = [k * a.rows, j * a.rows];
      for (let i = 0; i < a.rows; i++) {
        data[to + i] = (data[to + i] as number) + factor * (a.data[from + i] as number);
      }
    }
  }
  return realMatrix(data, a.rows, b.columns);
}

/** By places in the whole array: a view of each column would cost more than a small product. */
function multiplyComplex(a: HostMatrix, b: HostMatrix): HostMatrix {
  const data = new Float64Array(2 * a.rows * b.columns);
  const add = a.complex ? addComplexScaled : addRealScaled;
  for (let j = 0; j < b.columns; j++) {
    for (let k = 0; k < a.columns; k++) {
      const at = j * b.rows + k;
      add(data, j * a.rows, realPart(b.data, at), imaginaryPart(b.data, at), a, k * a.rows);
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

/** Adds re + i·im times the real column of `a` from entry `from` on to that of the complex target from `to` on. */
function addRealScaled(
  target: Float64Array,
  to: number,
  re: number,
  im: number,
  { data, rows }: HostMatrix,
  from: number,
): void {
  for (let i = 0; i < rows; i++) {
    const [value, at] = [data[from + i] as number, to + i];
    target[2 * at] = realPart(target, at) + value * re;
    target[2 * at + 1] = imaginaryPart(target, at) + value * im;
  }
}

/** The same for a complex column. */
function addComplexScaled(
  target: Float64Array,
  to: number,
  re: number,
  im: number,
  { data, rows }: HostMatrix,
  from: number,
): void {
  for (let i = 0; i < rows; i++) {
    const at = to + i;
    const [a, b] = [realPart(data, from + i), imaginaryPart(data, from + i)];
    target[2 * at] = realPart(target, at) + a * re - b * im;
    target[2 * at + 1] = imaginaryPart(target, at) + a * im + b * re;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += (a[i] as number) * (b[i] as number);
  }
  return sum;
}

export function identity(n: number): HostMatrix {
  const data = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    data[k * n + k] = 1;
  }
  return realMatrix(data, n, n);
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number, complex = false): HostMatrix {
  return { data: new Float64Array(rows * columns * (complex ? 2 : 1)), rows, columns, complex };
}

/** Complex numbers on a diagonal. */
export function diagonal(values: Float64Array): HostMatrix {
  const n = values.length / 2;
  const result = zeros(n, n, true);
  for (let k = 0; k < n; k++) {
    result.data.set(values.subarray(2 * k, 2 * k + 2), 2 * (k * n + k));
  }
  return result;
}

/** All complex if one is. */
function alike(matrices: readonly HostMatrix[]): readonly HostMatrix[] {
  return matrices.some(({ complex }) => complex) ? matrices.map(asComplex) : matrices;
}

/** [A, B, …] */
export function beside(...given: readonly HostMatrix[]): HostMatrix {
  return joined(given);
}

/** The same of any number. */
export function joined(given: readonly HostMatrix[]): HostMatrix {
  const matrices = alike(given);
  const first = matrices[0] as HostMatrix;
  const columns = matrices.reduce((sum, matrix) => sum + matrix.columns, 0);
  const result = zeros(first.rows, columns, first.complex);
  let at = 0;
  for (const { data } of matrices) {
    result.data.set(data, at);
    at += data.length;
  }
  return result;
}

/** [A; B; …] */
export function below(...given: readonly HostMatrix[]): HostMatrix {
  const matrices = alike(given);
  const { columns, complex } = matrices[0] as HostMatrix;
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const result = zeros(rows, columns, complex);
  for (let j = 0; j < columns; j++) {
    let at = j * stride(result);
    for (const matrix of matrices) {
      result.data.set(column(matrix, j), at);
      at += stride(matrix);
    }
  }
  return result;
}

/** Rows `from` (included) to `to` (excluded). */
export function rowsOf(matrix: HostMatrix, from: number, to: number): HostMatrix {
  const result = zeros(to - from, matrix.columns, matrix.complex);
  const [length, width] = [stride(result), matrix.complex ? 2 : 1];
  for (let j = 0; j < matrix.columns; j++) {
    const source = column(matrix, j).subarray(width * from, width * to);
    result.data.set(source, j * length);
  }
  return result;
}

/** A + factor · B. */
export function plus(a: HostMatrix, b: HostMatrix, factor = 1): HostMatrix {
  const [first, second] = alike([a, b]) as [HostMatrix, HostMatrix];
  const data = first.data.map((value, at) => value + factor * (second.data[at] as number));
  return { ...first, data };
}

/** Column k times the real `factors[k]`. */
export function scaleColumns(matrix: HostMatrix, factors: ArrayLike<number>): HostMatrix {
  const length = stride(matrix);
  const data = matrix.data.map((value, at) => value * (factors[Math.floor(at / length)] as number));
  return { ...matrix, data };
}

/** ‖A‖_F, without overflow. */
export function norm({ data }: HostMatrix): number {
  let largest = 0;
  for (let k = 0; k < data.length; k++) {
    largest = Math.max(largest, Math.abs(data[k] as number));
  }
  if (largest === 0) {
    return 0;
  }
  let sum = 0;
  for (let k = 0; k < data.length; k++) {
    const part = (data[k] as number) / largest;
    sum += part * part;
  }
  return largest * Math.sqrt(sum);
}
