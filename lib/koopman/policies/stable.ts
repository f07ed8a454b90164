/**
 * A stable matrix nearest to a given one in the Frobenius norm: none close to it is nearer, though one far away may
 * be. Every matrix is Q T Qᴴ with T upper triangular, and stable where T's diagonal is inside the unit disc. So the
 * distance from A is a minimum, over unitary Q, of what Qᴴ A Q has below its diagonal and outside the disc on it
 * (Noferini and Poloni 2021): descent over Q, from the Schur form, where only the diagonal is too far out.
 */

import { imaginaryPart, modulus, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import {
  adjoint,
  asComplex,
  identity,
  multiply,
  multiplyAdjoint,
  norm,
  plus,
} from "../linalg/host-matrix.js";
import { lapack, schur } from "../linalg/lapack.js";

const MOST_STEPS = 300;

/** Complex, also for a real matrix: of two conjugate answers that are equally near it is one. */
export function nearestStable(matrix: HostMatrix): HostMatrix {
  const given = asComplex(matrix);
  let unitary = schur(given).vectors;
  let excess = outside(turned(given, unitary));
  let length = 1;
  for (let k = 0; k < MOST_STEPS && norm(excess) > 0; k++) {
    const gradient = gradientOf(turned(given, unitary), excess);
    const slope = norm(gradient) ** 2;
    if (Math.sqrt(slope) <= 1e-12 * norm(given) ** 2) {
      break;
    }
    const before = norm(excess) ** 2;
    let moved = unitary;
    let found = false;
    while (!found && length > 1e-12) {
      const step = plus(identity(given.rows), gradient, -length / norm(given) ** 2);
      moved = lapack.qr(multiply(unitary, step)).basis;
      const next = outside(turned(given, moved));
      found = norm(next) ** 2 < before - (0.1 * length * slope) / norm(given) ** 2;
      excess = found ? next : excess;
      length *= found ? 2 : 0.5;
    }
    if (!found) {
      break;
    }
    unitary = moved;
  }
  const triangle = plus(turned(given, unitary), excess, -1);
  return multiply(multiply(unitary, triangle), adjoint(unitary));
}

/** Qᴴ A Q. */
function turned(matrix: HostMatrix, unitary: HostMatrix): HostMatrix {
  return multiplyAdjoint(unitary, multiply(matrix, unitary));
}

/** M less the nearest upper triangular matrix with its diagonal in the disc. */
function outside(matrix: HostMatrix): HostMatrix {
  const n = matrix.rows;
  const data = new Float64Array(matrix.data.length);
  for (let j = 0; j < n; j++) {
    const from = j * n + j;
    const size = modulus(matrix.data, from);
    if (size > 1) {
      data[2 * from] = realPart(matrix.data, from) * (1 - 1 / size);
      data[2 * from + 1] = imaginaryPart(matrix.data, from) * (1 - 1 / size);
    }
    const rest = matrix.data.subarray(2 * (from + 1), 2 * (j + 1) * n);
    data.set(rest, 2 * (from + 1));
  }
  return { ...matrix, data };
}

/** Of ½‖L‖² for Q → Q exp(S), skew: the skew part of Mᴴ L − L Mᴴ. */
function gradientOf(matrix: HostMatrix, excess: HostMatrix): HostMatrix {
  const product = plus(multiplyAdjoint(matrix, excess), multiply(excess, adjoint(matrix)), -1);
  const skew = plus(product, adjoint(product), -1);
  return { ...skew, data: skew.data.map((part) => part / 2) };
}
