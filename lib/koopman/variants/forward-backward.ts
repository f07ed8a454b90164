/**
 * Forward-backward DMD (Dawson et al. 2016). Noise in X pulls the eigenvalues of the forward fit F
 * inwards, and those of the backward fit B as well, so that those of B⁻¹ move outwards by as much:
 * their geometric mean has neither bias.
 */

import { imaginaryPart, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import { adjoint, column, multiply, multiplyAdjoint, realPartOf } from "../linalg/host-matrix.js";
import { lapack, schur } from "../linalg/lapack.js";
import { hostPairs, type Problem } from "../problem.js";
import { projectedFit, regress, type VariantFit } from "./fit.js";
import { regressionOptions } from "./least-squares.js";

/**
 * A = F (B F)^(−1/2), the geometric mean of F and B⁻¹. Where the two commute it is a root of F B⁻¹, as in
 * the paper, but the root of which sign? B F is near the identity, forth and back, so its principal
 * root leaves no choice: also where λ and −λ are both eigenvalues, which F B⁻¹ cannot tell apart.
 */
export function forwardBackward(problem: Problem): VariantFit {
  const { x, y } = hostPairs(problem);
  const options = regressionOptions(problem, x.columns);
  const forward = regress(lapack, x, y, options);
  const { left, rank } = forward;
  if (rank === 0) {
    return projectedFit(forward, left, forward.matrix);
  }
  const reduced = { x: multiplyAdjoint(left, x), y: multiplyAdjoint(left, y) };
  const square = { ...options, rank: undefined, rows: rank };
  const backward = regress(lapack, reduced.y, reduced.x, square);
  // X̃ V Σ⁻¹ Uᴴ, where U need not have all directions.
  const back = multiply(backward.lift, adjoint(backward.left));
  const root = principalRoot(multiply(back, forward.matrix));
  const cutoff = Number.EPSILON * rank;
  const mean = adjoint(lapack.leastSquares(adjoint(root), adjoint(forward.matrix), cutoff));
  return projectedFit(forward, left, x.complex ? mean : realPartOf(mean));
}

/**
 * M^(1/2) by its Schur form (Björck and Hammarling 1983). Eigenvalues on the negative half-axis, where
 * forth and back disagree even about a sign, count by their modulus: F's sign stands.
 */
function principalRoot(matrix: HostMatrix): HostMatrix {
  const { triangle, vectors } = schur(matrix);
  const n = matrix.rows;
  const root = new Float64Array(2 * n * n);
  const real = (i: number, j: number) => realPart(root, j * n + i);
  const imaginary = (i: number, j: number) => imaginaryPart(root, j * n + i);
  for (let j = 0; j < n; j++) {
    const source = column(triangle, j);
    const [a, b] = [realPart(source, j), imaginaryPart(source, j)];
    const size = Math.hypot(a, b);
    const negative = a < 0 && Math.abs(b) <= 1e-8 * size;
    const angle = negative ? 0 : Math.atan2(b, a) / 2;
    root[2 * (j * n + j)] = Math.sqrt(size) * Math.cos(angle);
    root[2 * (j * n + j) + 1] = Math.sqrt(size) * Math.sin(angle);
    for (let i = j - 1; i >= 0; i--) {
      let [re, im] = [realPart(source, i), imaginaryPart(source, i)];
      for (let k = i + 1; k < j; k++) {
        re -= real(i, k) * real(k, j) - imaginary(i, k) * imaginary(k, j);
        im -= real(i, k) * imaginary(k, j) + imaginary(i, k) * real(k, j);
      }
      const [c, d] = [real(i, i) + real(j, j), imaginary(i, i) + imaginary(j, j)];
      const squared = c * c + d * d;
      root[2 * (j * n + i)] = squared === 0 ? 0 : (re * c + im * d) / squared;
      root[2 * (j * n + i) + 1] = squared === 0 ? 0 : (im * c - re * d) / squared;
    }
  }
  const triangular = { ...triangle, data: root };
  return multiply(multiply(vectors, triangular), adjoint(vectors));
}
