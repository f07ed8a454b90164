/** The point that an affine operator does not move. */

import { bad } from "../checks.js";
import {
  below,
  columnsOf,
  divideColumns,
  identity,
  multiply,
  multiplyAdjoint,
  norm,
  plus,
  rowsOf,
  zeros,
} from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import type { System, Verdict } from "./policy.js";

/** |1 − λ| below which λ is 1: with 1e10 steps to go, what a step does is not known well enough. */
const NO_MOTION = 1e-10;

/**
 * (I − A)⁻¹ c, whatever A's other eigenvalues are. Directions with λ = 1 stay where the trajectory ended if nothing
 * drives them; what does drive them moves for ever, and there is no fixed point.
 */
export function fixedPoint({ matrix, affine, eigenvalues, last }: System): Verdict {
  if (!affine) {
    throw bad('variant "affine" or control for policy "fixed-point"', "a fit without a constant");
  }
  const n = matrix.rows - 1;
  if (n === 0) {
    return { state: last, block: "newest", eigenvalues, selected: [true] };
  }
  const own = rowsOf(columnsOf(matrix, 0, n), 0, n);
  // From the last state x: (I − A) δ = A x + c − x.
  const motion = rowsOf(plus(multiply(matrix, last), last, -1), 0, n);
  const { left, singularValues, right } = lapack.svd(plus(identity(n), own, -1));
  const cutoff = NO_MOTION * Math.max(1, norm(own));
  const kept = singularValues.filter((value) => value > cutoff).length;
  const pushed = multiplyAdjoint(columnsOf(left, kept, n), motion);
  const moves = norm(pushed) > NO_MOTION * norm(last);
  const selected = Array(eigenvalues.length / 2).fill(!moves);
  const verdict = { block: "newest", eigenvalues, selected } as const;
  if (moves) {
    return { ...verdict, state: null };
  }
  const inverse = divideColumns(columnsOf(right, 0, kept), singularValues);
  const rest = multiply(inverse, multiplyAdjoint(columnsOf(left, 0, kept), motion));
  return { ...verdict, state: plus(last, below(rest, zeros(1, 1))) };
}
