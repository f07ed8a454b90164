/** Optimized DMD (Askham and Kutz 2018): modes and eigenvalues that fit all snapshots at once. */

import { bad } from "../checks.js";
import { complexLength, imaginaryPart, modulus, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import {
  adjoint,
  asComplex,
  columnsOf,
  complexMatrix,
  diagonal,
  multiply,
  norm,
  pickColumns,
  scaleColumns,
  stackColumns,
} from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import type { Problem } from "../problem.js";
import { spectralOrder } from "../spectrum.js";
import { parametersOf } from "./exponents.js";
import { type Iteration, regress, type Spectrum, type VariantFit } from "./fit.js";
import { exact } from "./least-squares.js";
import { coefficientsOf, type ExponentialFit, fitExponentials } from "./variable-projection.js";

/** Eigenvalues at 0 have no logarithm; this one is over within a step too. */
const SMALLEST = 1e-8;

/** With as many exponents as `rank` keeps singular values of X. */
export function optimized(problem: Problem): VariantFit {
  const { constraints = [] } = problem.options;
  if (problem.complex && constraints.includes("conjugate-pairs")) {
    throw bad('real snapshots for the constraint "conjugate-pairs"', "complex ones");
  }
  const plain = exact(problem);
  const times = Array.from({ length: problem.last.columns }, (_, t) => t);
  const start = logarithms(firstGuess(problem, plain.rank));
  const { exponents, iterations, converged } = searchExponents(problem, times, start);
  const iteration = { iterations, converged, unconverged: converged ? 0 : 1 };
  const { singularValues } = plain;
  return fitOf(
    { rank: start.length / 2, singularValues },
    spectrumOf(problem, exponents),
    iteration,
  );
}

/**
 * Eigenvalues of the exact fit to stacks of a third of the columns. Noise pulls them inwards much less
 * than those without stacks, from which the search may end in a local minimum.
 */
function firstGuess({ last, truncation }: Problem, rank: number): Float64Array {
  const stacks = Math.max(1, Math.min(Math.floor(last.columns / 3), last.columns - rank - 1));
  const stacked = stackColumns(last, stacks);
  const count = stacked.columns - 1;
  const [x, y] = [columnsOf(stacked, 0, count), columnsOf(stacked, 1, count + 1)];
  const shape = { rows: x.rows, columns: count };
  const { matrix } = regress(lapack, x, y, { ...truncation, ...shape, rank: Math.max(1, rank) });
  return lapack.eigen(matrix).values;
}

/** λᵗ is exp(α t). */
export function logarithms(eigenvalues: Float64Array): Float64Array {
  const result = new Float64Array(eigenvalues.length);
  for (let k = 0; k < complexLength(eigenvalues); k++) {
    result[2 * k] = Math.log(Math.max(modulus(eigenvalues, k), SMALLEST));
    result[2 * k + 1] = Math.atan2(imaginaryPart(eigenvalues, k), realPart(eigenvalues, k));
  }
  return result;
}

/** The exponents that fit the last trajectory's columns at these times, and how the search ended. */
export function searchExponents(
  { last, options }: Problem,
  times: readonly number[],
  start: Float64Array,
): ExponentialFit {
  const { constraints = [], maxIterations = 100 } = options;
  const parameters = parametersOf(start, constraints, last.columns - 1);
  const data = rowPerTime(pickColumns(last, times));
  return fitExponentials(ofOrderOne(data), times, parameters, maxIterations);
}

/** Modes and amplitudes for given exponents, by all columns of the last trajectory; in the order of `spectralOrder`. */
export function spectrumOf({ last }: Problem, exponents: Float64Array): Spectrum {
  const times = Array.from({ length: last.columns }, (_, t) => t);
  const eigenvalues = exponentials(exponents);
  const vectors = rowPerTime(coefficientsOf(rowPerTime(last), times, exponents));
  const order = spectralOrder(eigenvalues);
  const sizes = order.map((k) => norm(pickColumns(vectors, [k])));
  const modes = scaleColumns(
    pickColumns(vectors, order),
    sizes.map((size) => (size === 0 ? 0 : 1 / size)),
  );
  return {
    eigenvalues: pickColumns(complexMatrix(eigenvalues, 1, order.length), order).data,
    modes,
    amplitudes: Float64Array.from(sizes.flatMap((size) => [size, 0])),
  };
}

/** The transpose, complex. Not conjugated: the rows of D are the columns at each time. */
function rowPerTime(matrix: HostMatrix): HostMatrix {
  return conjugate(adjoint(asComplex(matrix)));
}

/** Squares beyond 2^±800 come near the ends of float64. All else is left as it is, to the last bit. */
const PLAIN = 400;

/** By a power of two, which rounds nothing. */
function ofOrderOne(matrix: HostMatrix): HostMatrix {
  const exponent = Math.floor(Math.log2(norm(matrix) || 1));
  if (Math.abs(exponent) <= PLAIN) {
    return matrix;
  }
  const factor = 2 ** -Math.max(-1000, Math.min(exponent, 1000));
  return { ...matrix, data: matrix.data.map((part) => part * factor) };
}

/** An operator that is diagonal in its modes. */
export function fitOf(
  { rank, singularValues }: Pick<VariantFit, "rank" | "singularValues">,
  spectrum: Spectrum,
  iteration: Iteration,
  members: readonly Spectrum[] = [],
): VariantFit {
  const matrix = diagonal(spectrum.eigenvalues);
  const operator = { lift: spectrum.modes, matrix, affine: false };
  const advance = (x: HostMatrix) => {
    const { rows, columns } = spectrum.modes;
    const cutoff = Number.EPSILON * Math.max(rows, columns);
    return multiply(
      spectrum.modes,
      multiply(matrix, lapack.leastSquares(spectrum.modes, x, cutoff)),
    );
  };
  return { rank, singularValues, operator, inputs: null, advance, spectrum, iteration, members };
}

function exponentials(exponents: Float64Array): Float64Array {
  const result = new Float64Array(exponents.length);
  for (let k = 0; k < complexLength(exponents); k++) {
    const [size, turn] = [Math.exp(realPart(exponents, k)), imaginaryPart(exponents, k)];
    result[2 * k] = size * Math.cos(turn);
    // sin π is not quite 0, and a negative eigenvalue is real.
    result[2 * k + 1] = Math.abs(turn) === Math.PI ? 0 : size * Math.sin(turn);
  }
  return result;
}

function conjugate(matrix: HostMatrix): HostMatrix {
  return { ...matrix, data: matrix.data.map((part, at) => (at % 2 ? -part : part)) };
}
