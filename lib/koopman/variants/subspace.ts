/** Subspace DMD for systems driven by noise (Takeishi et al. 2017, Algorithm 2 as corrected in arXiv 1705.04908v4). */

import { GlocalError } from "../../errors.js";
import type { HostMatrix } from "../linalg/algebra.js";
import { below, columnsOf, multiply, rowsOf } from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import { type Problem, runs } from "../problem.js";
import { countKept } from "../truncation.js";
import { exactFit, regress, type VariantFit } from "./fit.js";
import { regressionOptions } from "./least-squares.js";

/**
 * Two columns of the future, projected on two of the past, keep what the past foretells. Of that, U₁ and
 * U₂, the halves of its left singular vectors, are one step apart. Needs more runs of four columns than
 * two columns have entries, or nothing is projected away.
 */
export function subspace(problem: Problem): VariantFit {
  const [a, b, c, d] = runs(problem, 4) as [HostMatrix, HostMatrix, HostMatrix, HostMatrix];
  if (a.columns === 0) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: 'at least four columns in a row for variant "subspace"',
      received: `trajectories of ${problem.times.join(", ")} snapshots in stacks of ${problem.stacks}`,
    });
  }
  const [past, future] = [below(a, b), below(c, d)];
  const { rcond } = problem.truncation;
  const { singularValues: ofPast, right } = lapack.svd(past);
  const known = countKept(ofPast, { rank: undefined, rcond }, past.rows, past.columns);
  const { left, singularValues } = lapack.svd(multiply(future, columnsOf(right, 0, known)));
  const options = regressionOptions(problem, a.columns);
  const kept = countKept(singularValues, options, 2 * options.rows, options.columns);
  const half = a.rows;
  const directions = columnsOf(left, 0, Math.min(kept, half));
  const fit = regress(lapack, rowsOf(directions, 0, half), rowsOf(directions, half, 2 * half), {
    ...options,
    rank: undefined,
    tikhonov: 0,
  });
  return exactFit({ ...fit, singularValues });
}
