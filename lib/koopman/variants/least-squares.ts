/** The plain fits: exact, projected, and HODMD, which is the latter after a cut in space. */

import { type Problem, pairsOf } from "../problem.js";
import { exactFit, projectedFit, type RegressionOptions, regress, type VariantFit } from "./fit.js";

/** The options of the regression, with the shape that X had at full length. */
export function regressionOptions(problem: Problem, columns: number): RegressionOptions {
  const { features, stacks, options, truncation, tikhonov, last } = problem;
  const cut = options.spatialRank !== undefined || problem.variant === "hodmd";
  const rows = cut ? last.rows : features * stacks;
  return { ...truncation, rows, columns, tikhonov };
}

function regression(problem: Problem) {
  const { x, y } = pairsOf(problem);
  return regress(problem.at, x, y, regressionOptions(problem, x.columns));
}

/** Modes Y V Σ⁻¹ W (Tu et al. 2014, Algorithm 2, not divided by λ: amplitudes undo any scale). */
export function exact(problem: Problem): VariantFit {
  return exactFit(regression(problem));
}

/** Modes U W (Schmid 2010). */
export function projected(problem: Problem): VariantFit {
  const fit = regression(problem);
  return projectedFit(fit, fit.left, fit.matrix);
}
