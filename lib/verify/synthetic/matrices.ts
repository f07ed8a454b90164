/** The little of linear algebra that bounds need. */
import type { HostMatrix } from "../../koopman/linalg/algebra.js";
import {
  identity,
  multiply,
  plus,
  realMatrix,
  realPartOf,
} from "../../koopman/linalg/host-matrix.js";
import { lapack } from "../../koopman/linalg/lapack.js";

export type { HostMatrix };
export { plus, realMatrix };

export const times = (a: HostMatrix, b: HostMatrix): HostMatrix => multiply(a, b);

const inverse = (a: HostMatrix): HostMatrix =>
  lapack.leastSquares(a, identity(a.rows), Number.EPSILON * Math.max(a.rows, a.columns));

export const pseudoInverse = (a: HostMatrix): HostMatrix => realPartOf(inverse(a));

/** Re A B⁺ */
export const divided = (a: HostMatrix, b: HostMatrix): HostMatrix =>
  realPartOf(multiply(a, inverse(b)));

/** The largest singular value. */
export const spectralNorm = (a: HostMatrix): number => lapack.svd(a).singularValues[0] ?? 0;

/** The largest of ‖Aᵏ‖ over k = 0 … count − 1. */
export function growth(a: HostMatrix, count: number): number {
  let power = identity(a.rows);
  let most = 1;
  for (let k = 1; k < count; k++) {
    power = times(power, a);
    most = Math.max(most, spectralNorm(power));
  }
  return most;
}
