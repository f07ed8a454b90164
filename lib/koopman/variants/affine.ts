/** x′ = A x + c + B u: fits with a constant (Hirsh et al. 2020) and with known inputs (Proctor et al. 2016). */

import type { HostMatrix } from "../linalg/algebra.js";
import {
  adjoint,
  below,
  beside,
  columnsOf,
  multiply,
  multiplyAdjoint,
  norm,
  plus,
  realMatrix,
  realPartOf,
  zeros,
} from "../linalg/host-matrix.js";
import { lapack } from "../linalg/lapack.js";
import { hostPairs, type Problem, regressors } from "../problem.js";
import { exactFit, type Inputs, type Regression, regress, type VariantFit } from "./fit.js";
import { exact, regressionOptions } from "./least-squares.js";

/** The exact variant: with inputs where there are some. */
export function exactOrControlled(problem: Problem): VariantFit {
  return problem.control ? withRegressors(problem, false) : exact(problem);
}

export function affine(problem: Problem): VariantFit {
  return withRegressors(problem, true);
}

/**
 * What the regressors C (a row of ones, the inputs) explain of X and Y is taken out, A = Y′ X′⁺ fitted to
 * the rest, and what they add is (Y − A X) C⁺. Truncation and ridge thus act on A alone, and one
 * constant per window leaves A what the differences say.
 */
function withRegressors(problem: Problem, constant: boolean): VariantFit {
  const { x, y } = hostPairs(problem);
  const known = regressors(problem, constant);
  const [ofX, ofY] = [explained(x, known), explained(y, known)];
  const options = regressionOptions(problem, x.columns);
  const rest = [plus(x, multiply(ofX, known), -1), plus(y, multiply(ofY, known), -1)] as const;
  // What a constant trajectory leaves of itself is round-off.
  const floor = Number.EPSILON * Math.max(options.rows, options.columns) * norm(x);
  const fit = regress(lapack, ...rest, { ...options, floor });
  const { left, lift } = fit;
  const readout = plus(ofY, multiply(lift, multiplyAdjoint(left, ofX)), -1);
  const plain = exactFit(fit);
  return {
    ...plain,
    operator: constant ? affineOperator(fit, columnsOf(readout, 0, 1)) : plain.operator,
    inputs: problem.control ? inputsOf(fit, readout, constant) : null,
    advance: (from, inputs) =>
      plus(plain.advance(from, null), multiply(readout, rowsOver(from, inputs, constant))),
  };
}

/** X C⁺. */
function explained(x: HostMatrix, known: HostMatrix): HostMatrix {
  const cutoff = Number.EPSILON * Math.max(known.rows, known.columns);
  const solution = adjoint(lapack.leastSquares(adjoint(known), adjoint(x), cutoff));
  return x.complex ? solution : realPartOf(solution);
}

/** A, c as one matrix [[A, c], [0, 1]] on states (Uᴴ of the column before, 1). */
function affineOperator({ left, lift, matrix }: Regression, added: HostMatrix) {
  return appendConstant({ lift, matrix }, added, multiplyAdjoint(left, added));
}

/** A further state that stays 1, read out by `added` and driving the others by `drive`. */
export function appendConstant(
  { lift, matrix }: { lift: HostMatrix; matrix: HostMatrix },
  added: HostMatrix,
  drive: HostMatrix,
) {
  const one = realMatrix(Float64Array.of(1), 1, 1);
  return {
    lift: beside(lift, added),
    matrix: beside(below(matrix, zeros(1, matrix.columns)), below(drive, one)),
    affine: true,
  };
}

function inputsOf({ left }: Regression, readout: HostMatrix, constant: boolean): Inputs {
  const own = columnsOf(readout, constant ? 1 : 0, readout.columns);
  const drive = multiplyAdjoint(left, own);
  const one = realMatrix(Float64Array.of(1), 1, 1);
  return {
    readout: own,
    drive: constant ? below(drive, zeros(1, own.columns)) : drive,
    encode: (column) => {
      const state = multiplyAdjoint(left, column);
      return constant ? below(state, one) : state;
    },
  };
}

function rowsOver(from: HostMatrix, inputs: HostMatrix | null, constant: boolean): HostMatrix {
  const ones = realMatrix(new Float64Array(from.columns).fill(1), 1, from.columns);
  return below(...(constant ? [ones] : []), ...(inputs ? [inputs] : []));
}
