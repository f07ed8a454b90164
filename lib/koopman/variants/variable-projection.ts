/**
 * Nonlinear least squares for sums of exponentials: min ‖D − Φ(α) B‖ over α and B, where column j of
 * Φ(α) is exp(α_j t). B follows from α, so only α is searched for (Golub and Pereyra 1973; Askham and Kutz
 * 2018, Algorithm 2), by Levenberg and Marquardt's method.
 */

import { imaginaryPart, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import {
  adjoint,
  column,
  complexMatrix,
  norm,
  plus,
  realMatrix,
  scaleColumns,
} from "../linalg/host-matrix.js";
import { lapack, requireFinite } from "../linalg/lapack.js";
import type { Derivatives, Parameters } from "./exponents.js";
import type { Iteration } from "./fit.js";

const { multiply, multiplyAdjoint } = lapack;

export interface ExponentialFit extends Omit<Iteration, "unconverged"> {
  /** α, complex. */
  readonly exponents: Float64Array;
}

/** Everything about one α. Columns of Φ have length one here, so that growing ones do not drown the rest. */
interface Point {
  readonly exponents: Float64Array;
  readonly basis: HostMatrix;
  readonly lengths: Float64Array;
  readonly orthonormal: HostMatrix;
  readonly triangle: HostMatrix;
  readonly coefficients: HostMatrix;
  readonly residual: HostMatrix;
  readonly error: number;
}

/**
 * @param data D, complex: a row per time; its squares are within float64.
 * @param times One for each row.
 * @param parameters What α may be, with a first guess.
 */
export function fitExponentials(
  data: HostMatrix,
  times: readonly number[],
  parameters: Parameters,
  maxIterations: number,
): ExponentialFit {
  let values = parameters.start;
  let point = evaluate(data, times, parameters.exponents(values));
  requireFinite(Float64Array.of(point.error));
  const enough = Number.EPSILON * norm(data);
  let damping = 1e-2;
  let iterations = 0;
  let converged = point.error <= enough;
  while (!converged && iterations < maxIterations) {
    iterations++;
    const { gradient, hessian } = parameters.reduce(derivatives(point, times), values);
    let next: Point | null = null;
    while (!next && damping < 1e16) {
      const moved = parameters.clip(step(values, gradient, hessian, damping));
      const candidate = tryEvaluate(data, times, parameters.exponents(moved));
      if (candidate && candidate.error < point.error) {
        next = candidate;
        values = moved;
        damping = Math.max(damping / 5, 1e-14);
      } else {
        damping *= 4;
      }
    }
    // No step helps: this is as far as rounding lets us see.
    converged = !next || next.error <= enough || next.error > point.error * (1 - 1e-10);
    point = next ?? point;
  }
  return { exponents: point.exponents, iterations, converged };
}

/** B for given α: exponents × columns of D. */
export function coefficientsOf(
  data: HostMatrix,
  times: readonly number[],
  exponents: Float64Array,
): HostMatrix {
  const { coefficients, lengths } = evaluate(data, times, exponents);
  const scales = Float64Array.from(lengths, (length) => 1 / length);
  return adjoint(scaleColumns(adjoint(coefficients), scales));
}

function tryEvaluate(data: HostMatrix, times: readonly number[], exponents: Float64Array) {
  const point = exponents.every(Number.isFinite) ? evaluate(data, times, exponents) : null;
  return point && Number.isFinite(point.error) ? point : null;
}

function evaluate(data: HostMatrix, times: readonly number[], exponents: Float64Array): Point {
  const count = exponents.length / 2;
  const basis = complexMatrix(new Float64Array(2 * times.length * count), times.length, count);
  const lengths = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const [rate, turn] = [realPart(exponents, j), imaginaryPart(exponents, j)];
    const entries = column(basis, j);
    // Relative to the largest, which may be beyond float64.
    const top = Math.max(...times.map((t) => rate * t));
    times.forEach((t, i) => {
      const size = Math.exp(rate * t - top);
      entries[2 * i] = size * Math.cos(turn * t);
      entries[2 * i + 1] = size * Math.sin(turn * t);
    });
    const length = Math.hypot(...entries);
    entries.forEach((entry, i) => {
      entries[i] = entry / length;
    });
    lengths[j] = length * Math.exp(top);
  }
  const { basis: orthonormal, coordinates: triangle } = lapack.qr(basis);
  const cutoff = Number.EPSILON * times.length;
  const coefficients = lapack.leastSquares(basis, data, cutoff);
  const residual = plus(data, multiply(basis, coefficients), -1);
  const error = norm(residual);
  return { exponents, basis, lengths, orthonormal, triangle, coefficients, residual, error };
}

/**
 * With D_j = ∂Φ/∂α_j, ∂R = −(P⊥ D_j Φ⁺ D) dα_j − (P⊥ D_j Φ⁺)ᴴ D dᾱ_j. D_j has one column t∘φ_j, so both
 * terms are outer products, p_j b_jᵀ and q_j h_jᵀ, orthogonal to each other; R is orthogonal to the second.
 */
function derivatives(point: Point, times: readonly number[]): Derivatives {
  const { basis, orthonormal, triangle, coefficients, residual } = point;
  const count = basis.columns;
  const moved = { ...basis, data: basis.data.map((v, at) => v * timeOf(at, basis.rows, times)) };
  const inside = multiply(orthonormal, multiplyAdjoint(orthonormal, moved));
  const p = plus(moved, inside, -1);
  const cutoff = Number.EPSILON * times.length;
  // (Φ⁺)ᴴ = Q R⁻ᴴ.
  const q = adjoint(lapack.leastSquares(triangle, adjoint(orthonormal), cutoff));
  const b = adjoint(coefficients);
  const h = adjoint(multiplyAdjoint(p, residual));
  // b and h hold conjugates, so that bᴴ b is the conjugate of Σ b̄_i b_j.
  const first = [multiplyAdjoint(p, p), multiplyAdjoint(b, b)] as const;
  const second = [multiplyAdjoint(q, q), multiplyAdjoint(h, h)] as const;
  const towards = multiplyAdjoint(b, h);
  const size = 2 * count;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  for (let j = 0; j < count; j++) {
    const at = j * count + j;
    // The conjugate of Σ b̄ h, of which the derivative has the negative.
    gradient[2 * j] = -realPart(towards.data, at);
    gradient[2 * j + 1] = imaginaryPart(towards.data, at);
    for (let i = 0; i < count; i++) {
      const [aRe, aIm] = timesConjugate(first, j * count + i);
      const [cRe, cIm] = timesConjugate(second, j * count + i);
      const [ii, jj] = [2 * i, 2 * j];
      hessian[jj * size + ii] = aRe + cRe;
      hessian[(jj + 1) * size + ii + 1] = aRe + cRe;
      hessian[(jj + 1) * size + ii] = cIm - aIm;
      hessian[jj * size + ii + 1] = aIm - cIm;
    }
  }
  return { gradient, hessian };
}

function timeOf(at: number, rows: number, times: readonly number[]): number {
  return times[(at >> 1) % rows] as number;
}

function timesConjugate([a, b]: readonly [HostMatrix, HostMatrix], at: number): [number, number] {
  const [re, im] = [realPart(a.data, at), imaginaryPart(a.data, at)];
  const [c, d] = [realPart(b.data, at), -imaginaryPart(b.data, at)];
  return [re * c - im * d, re * d + im * c];
}

/** Marquardt's: (H + μ diag H) δ = −g. */
function step(
  values: Float64Array,
  gradient: Float64Array,
  hessian: Float64Array,
  damping: number,
): Float64Array {
  const n = values.length;
  // In units of the diagonal, which makes the cutoff mean something.
  const scales = gradient.map((_, k) => Math.sqrt(hessian[k * n + k] as number) || 1);
  const scaled = hessian.map((value, at) => {
    const [i, j] = [at % n, Math.floor(at / n)];
    return value / ((scales[i] as number) * (scales[j] as number)) + (i === j ? damping : 0);
  });
  const side = gradient.map((value, k) => -value / (scales[k] as number));
  const solution = lapack.leastSquares(
    realMatrix(scaled, n, n),
    realMatrix(side, n, 1),
    Number.EPSILON,
  );
  return values.map((value, k) => value + realPart(solution.data, k) / (scales[k] as number));
}
