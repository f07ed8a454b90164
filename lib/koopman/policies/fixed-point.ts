/** The point that an affine operator does not move. */

import type { HostMatrix } from "../linalg/algebra.js";
import { below, columnsOf, identity, plus, realMatrix, rowsOf } from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import { bad } from "../options.js";
import type { System, Verdict } from "./policy.js";

/** (I − A)⁻¹ c, whatever A's eigenvalues are; by least squares where one of them is 1. */
export function fixedPoint({ matrix, affine, eigenvalues }: System): Verdict {
  if (!affine) {
    throw bad('variant "affine" or control for policy "fixed-point"', "a fit without a constant");
  }
  const n = matrix.rows - 1;
  const top = rowsOf(matrix, 0, n);
  const inner = plus(identity(n), columnsOf(top, 0, n), -1);
  const cutoff = Number.EPSILON * Math.max(n, 1);
  const rest: HostMatrix = lapack.leastSquares(inner, columnsOf(top, n, n + 1), cutoff);
  const state = below(rest, realMatrix(Float64Array.of(1), 1, 1));
  const selected = Array(eigenvalues.length / 2).fill(true);
  return { state, block: "newest", eigenvalues, selected };
}
