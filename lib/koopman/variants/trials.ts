/** What the trials of a bagged fit say together. */

import { complexLength, imaginaryPart, meanOfNumbers, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import { adjoint, column, columnsOf, joined, plus, zeros } from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import type { Spectrum } from "./fit.js";

export function meanMatrix(matrices: readonly HostMatrix[]): HostMatrix {
  const first = matrices[0] as HostMatrix;
  return { ...first, data: meanOfNumbers(matrices.map(({ data }) => data)) };
}

/** √ of the mean of |λ − mean|², for each eigenvalue. */
export function eigenvalueDeviations(members: readonly Spectrum[], mean: Float64Array) {
  return Float64Array.from({ length: complexLength(mean) }, (_, k) => {
    const squares = members.map(
      ({ eigenvalues }) =>
        (realPart(eigenvalues, k) - realPart(mean, k)) ** 2 +
        (imaginaryPart(eigenvalues, k) - imaginaryPart(mean, k)) ** 2,
    );
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / members.length);
  });
}

/**
 * √ of the mean of |entry − mean|² over matrices that are long: real.
 *
 * @param coordinates Of each matrix.
 * @param lengthen Multiplies by orthonormal columns. It is linear, and so lengthens, of each column, no more
 *   deviations than there are coordinates: those of another root of their covariance.
 */
export function deviationOf(
  coordinates: readonly HostMatrix[],
  lengthen: (columns: HostMatrix) => HostMatrix,
): HostMatrix {
  const mean = meanMatrix(coordinates);
  const columns = Array.from({ length: mean.columns }, (_, t) => {
    const apart = joined(
      coordinates.map((matrix) => plus(columnsOf(matrix, t, t + 1), columnsOf(mean, t, t + 1), -1)),
    );
    const root =
      apart.columns > apart.rows ? adjoint(lapack.qr(adjoint(apart)).coordinates) : apart;
    return rowSizes(lengthen(root)).map((size) => size / Math.sqrt(coordinates.length));
  });
  const result = zeros(columns[0]?.length ?? 0, columns.length);
  columns.forEach((sizes, t) => {
    column(result, t).set(sizes);
  });
  return result;
}

/** The length of each row. */
function rowSizes(matrix: HostMatrix): Float64Array {
  const squares = new Float64Array(matrix.rows);
  for (let k = 0; k < matrix.columns; k++) {
    const entries = column(matrix, k);
    for (let i = 0; i < matrix.rows; i++) {
      const size = matrix.complex
        ? Math.hypot(realPart(entries, i), imaginaryPart(entries, i))
        : (entries[i] as number);
      squares[i] = (squares[i] as number) + size * size;
    }
  }
  return squares.map(Math.sqrt);
}
