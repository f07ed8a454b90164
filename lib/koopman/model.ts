/** A fit with its modes, and the course of its states through time. */

import type { HostMatrix } from "./linalg/algebra.js";
import {
  asComplex,
  below,
  beside,
  column,
  columnsOf,
  complexMatrix,
  diagonal,
  multiply,
  multiplyAdjoint,
  norm,
  pickColumns,
  plus,
  realPartOf,
  rowsOf,
  scaleColumns,
  zeros,
} from "./linalg/host-matrix.js";
import { lapack, requireFinite } from "./linalg/lapack.js";
import type { System } from "./policies/policy.js";
import type { Problem } from "./problem.js";
import { spectralOrder } from "./spectrum.js";
import { appendConstant } from "./variants/affine.js";
import type { Inputs, Operator, Spectrum, VariantFit } from "./variants/fit.js";

/** An operator with the state that its trajectory starts from. */
export interface Model {
  readonly operator: Operator;
  readonly inputs: Inputs | null;
  /** Of the first column; with inputs, of the second. */
  readonly initial: HostMatrix;
  /** With inputs, the first column: what drove it is not known. */
  readonly origin: HostMatrix | null;
}

export function modelOfSpectrum({ eigenvalues, modes, amplitudes }: Spectrum): Model {
  const operator = { lift: modes, matrix: diagonal(eigenvalues), affine: false };
  const initial = complexMatrix(amplitudes, modes.columns, 1);
  return { operator, inputs: null, initial, origin: null };
}

/** Modes of the fitted operator, and the state and amplitudes that start the last trajectory. */
export function complete(problem: Problem, fit: VariantFit): { model: Model; spectrum: Spectrum } {
  if (fit.spectrum) {
    return { model: modelOfSpectrum(fit.spectrum), spectrum: fit.spectrum };
  }
  const { operator, inputs } = fit;
  const { lift, matrix, affine } = operator;
  const first = columnsOf(problem.last, 0, 1);
  const model = inputs
    ? { operator, inputs, initial: inputs.encode(first), origin: first }
    : { operator, inputs, initial: startOf(problem, fit), origin: null };
  if (matrix.rows === 0) {
    const none = new Float64Array(0);
    const modes = zeros(lift.rows, 0, true);
    return { model, spectrum: { eigenvalues: none, modes, amplitudes: none } };
  }
  const { at } = problem;
  const eigen = at.eigen(at.upload(matrix));
  const order = spectralOrder(eigen.values);
  const eigenvalues = pickColumns(complexMatrix(eigen.values, 1, order.length), order).data;
  const vectors = at.pickColumns(eigen.vectors, order);
  const modes = at.multiply(at.upload(lift), vectors);
  // Amplitudes of the first column are fitted to modes, others follow from the state.
  const direct = !affine && !inputs && amplitudesOf(problem) === "first";
  const amplitudes = direct
    ? at.leastSquares(modes, at.upload(first), cutoffOf(problem, fit))
    : at.leastSquares(vectors, at.upload(model.initial), Number.EPSILON * order.length);
  return {
    model,
    spectrum: {
      eigenvalues,
      modes: asComplex(at.download(modes)),
      amplitudes: at.download(amplitudes).data,
    },
  };
}

function amplitudesOf({ options, variant }: Problem): "first" | "all" {
  return options.amplitudes ?? (variant === "hodmd" ? "all" : "first");
}

/** Round-off in snapshots grows with their rows, which coordinates no longer have. */
function cutoffOf({ features, stacks }: Problem, { rank }: VariantFit): number {
  return Number.EPSILON * Math.max(features * stacks, rank);
}

/** The first state by least squares on the first column, or on all. A constant is 1 from the start. */
function startOf(problem: Problem, fit: VariantFit): HostMatrix {
  const { operator } = fit;
  const { lift, matrix, affine } = operator;
  const free = matrix.rows - (affine ? 1 : 0);
  const constant = zeros(matrix.rows, 1);
  if (affine) {
    constant.data[free] = 1;
  }
  const length = amplitudesOf(problem) === "first" ? 1 : problem.last.columns;
  const given = columnsFrom(
    { operator, inputs: null, initial: constant, origin: null },
    null,
    length,
  );
  const targets = plus(columnsOf(problem.last, 0, length), given, -1);
  const cutoff = cutoffOf(problem, fit);
  const [ownLift, own] = [columnsOf(lift, 0, free), rowsOf(columnsOf(matrix, 0, free), 0, free)];
  const found =
    length === 1
      ? lapack.leastSquares(ownLift, targets, cutoff)
      : startOfAll(ownLift, own, targets, cutoff);
  const start = problem.complex ? found : realPartOf(found);
  return affine ? below(start, rowsOf(constant, free, free + 1)) : start;
}

/** argmin Σ ‖lift · matrixᵗ · z − targetₜ‖² (Jovanović et al. 2014), on R of the lift's QR, which is small. */
function startOfAll(
  lift: HostMatrix,
  matrix: HostMatrix,
  targets: HostMatrix,
  cutoff: number,
): HostMatrix {
  const { basis, coordinates } = lapack.qr(lift);
  const short = multiplyAdjoint(basis, targets);
  const [rows, sides]: [HostMatrix[], HostMatrix[]] = [[], []];
  let power = coordinates;
  for (let t = 0; t < targets.columns; t++) {
    rows.push(power);
    sides.push(columnsOf(short, t, t + 1));
    power = multiply(power, matrix);
  }
  return lapack.leastSquares(below(...rows), below(...sides), cutoff);
}

/** The last trajectory's inputs for so many columns, then `future`, then the last one held. */
export function inputsOf(
  { control }: Problem,
  length: number,
  future: HostMatrix | null = null,
): HostMatrix | null {
  const own = control?.at(-1);
  if (!own) {
    return null;
  }
  const known = future ? beside(own, future) : own;
  const order = Array.from({ length }, (_, t) => Math.min(t, known.columns - 1));
  return pickColumns(known, order);
}

/**
 * States of the columns, the last one at `length` − 1, and the one after it. The first that leaves float64 is
 * the last that is computed.
 */
function course(
  { operator, inputs, initial, origin }: Model,
  series: HostMatrix | null,
  length: number,
) {
  const drive = inputs && series ? multiply(inputs.drive, series) : null;
  const from = origin ? 1 : 0;
  const complex = operator.matrix.complex || initial.complex;
  const states = zeros(initial.rows, length - from, complex);
  let state = complex ? asComplex(initial) : initial;
  for (let t = from; t < length; t++) {
    column(states, t - from).set(requireFinite(state.data));
    state = multiply(operator.matrix, state);
    if (drive) {
      state = plus(state, columnsOf(drive, t - 1, t));
    }
  }
  return { states, next: state };
}

/** Stacked coordinates at the times 0 … length − 1. */
export function columnsFrom(model: Model, series: HostMatrix | null, length: number): HostMatrix {
  const { operator, inputs, origin } = model;
  const { states } = course(model, series, length);
  const columns = lapack.multiply(operator.lift, states);
  if (!inputs || !series || !origin) {
    return columns;
  }
  const added = multiply(inputs.readout, columnsOf(series, 0, length - 1));
  return beside(origin, plus(columns, added));
}

/** What policies decide on; `lift` takes their states to stacked coordinates. */
export function systemOf(
  problem: Problem,
  model: Model,
  eigenvalues: Float64Array,
): { system: System; lift: HostMatrix } {
  const { operator, inputs, initial } = model;
  const length = problem.last.columns;
  const series = inputsOf(problem, length);
  const { states, next } = course(model, series, length);
  const last = columnsOf(states, states.columns - 1, states.columns);
  if (!inputs || !series) {
    const { matrix, affine, lift } = operator;
    return inOwnUnits({ matrix, affine, eigenvalues, first: initial, last, passed: 0 }, lift);
  }
  // The last input held for ever is a constant.
  const input = columnsOf(series, length - 1, length);
  const held = withConstant(
    operator,
    multiply(inputs.readout, input),
    multiply(inputs.drive, input),
  );
  const widen = (state: HostMatrix) =>
    operator.affine ? state : below(state, complexMatrix(Float64Array.of(1, 0), 1, 1));
  const { values } = lapack.eigen(held.matrix);
  const order = spectralOrder(values);
  const system: System = {
    matrix: held.matrix,
    affine: true,
    eigenvalues: pickColumns(complexMatrix(values, 1, order.length), order).data,
    first: widen(initial),
    last: widen(next),
    passed: 1,
  };
  return inOwnUnits(system, held.lift);
}

/**
 * A constant that is 1 drives states of any size, and round-off in a Schur form is as large as its largest entry.
 * In units of what it drives by, that entry is of the order of the others.
 */
function inOwnUnits(system: System, lift: HostMatrix): { system: System; lift: HostMatrix } {
  const n = system.matrix.rows - 1;
  const unit = system.affine ? norm(rowsOf(columnsOf(system.matrix, n, n + 1), 0, n)) : 0;
  if (unit === 0) {
    return { system, lift };
  }
  const widen = (state: HostMatrix) =>
    below(rowsOf(state, 0, n), scaleColumns(rowsOf(state, n, n + 1), [unit]));
  const driven = (matrix: HostMatrix) =>
    beside(columnsOf(matrix, 0, n), scaleColumns(columnsOf(matrix, n, n + 1), [1 / unit]));
  const matrix = below(rowsOf(driven(system.matrix), 0, n), rowsOf(system.matrix, n, n + 1));
  const scaled = { ...system, matrix, first: widen(system.first), last: widen(system.last) };
  return { system: scaled, lift: driven(lift) };
}

/** A constant's readout and drive, added to those of the one that is there or as a new state. */
function withConstant(operator: Operator, readout: HostMatrix, drive: HostMatrix): Operator {
  if (!operator.affine) {
    return appendConstant(operator, readout, drive);
  }
  const addLast = (matrix: HostMatrix, more: HostMatrix) => {
    const last = matrix.columns - 1;
    const sum = plus(columnsOf(matrix, last, last + 1), more);
    return beside(columnsOf(matrix, 0, last), sum);
  };
  return {
    lift: addLast(operator.lift, readout),
    matrix: addLast(operator.matrix, drive),
    affine: true,
  };
}
