/** Total-least-squares DMD (Hemati et al. 2017). */

import { below, columnsOf, multiply } from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import { hostPairs, type Problem } from "../problem.js";
import { countKept } from "../truncation.js";
import { exactFit, regress, type VariantFit } from "./fit.js";
import { regressionOptions } from "./least-squares.js";

/**
 * Least squares takes X for exact and puts all noise into Y, which pulls eigenvalues inwards. So both are
 * first projected on the leading right singular vectors of [X; Y]. The rank is that of [X; Y]: it has to be
 * below the number of columns, and below or at that of rows of X, for anything to be projected away.
 */
export function totalLeastSquares(problem: Problem): VariantFit {
  const { x, y } = hostPairs(problem);
  const options = regressionOptions(problem, x.columns);
  const { singularValues, right } = lapack.svd(below(x, y));
  const kept = countKept(singularValues, options, 2 * options.rows, options.columns);
  const rank = Math.min(kept, x.rows);
  const directions = columnsOf(right, 0, rank);
  const projected = [multiply(x, directions), multiply(y, directions)] as const;
  const regression = regress(lapack, ...projected, { ...options, rank: Math.max(1, rank) });
  return exactFit({ ...regression, singularValues });
}
