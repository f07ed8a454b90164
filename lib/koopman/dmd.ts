/** Dynamic mode decomposition: the linear operator that best advances a trajectory by one step. */

import { GlocalError } from "../errors.js";
import { bad, check, requireObject, whole } from "./checks.js";
import { complexPairs } from "./complex.js";
import type { HostMatrix, LinearAlgebra } from "./linalg/algebra.js";
import {
  asComplex,
  beside,
  column,
  columnsOf,
  fromSnapshots,
  multiply,
  norm,
  plus,
  realPartOf,
  rowsOf,
  stackColumns,
  toSnapshots,
} from "./linalg/host-matrix.js";
import { requireFinite } from "./linalg/lapack.js";
import { memoryBytes } from "./memory.js";
import { columnsFrom, complete, inputsOf, type Model, modelOfSpectrum, systemOf } from "./model.js";
import type { DmdOptions, Variant } from "./options.js";
import { diagonalOf } from "./policies/blocks.js";
import { type Problem, prepare } from "./problem.js";
import { checkSnapshots, type Snapshots, type SnapshotsInput } from "./snapshots.js";
import { spectralRadius } from "./spectrum.js";
import {
  checkPolicy,
  decide,
  type Policy,
  type SteadyState,
  type SteadyStateOptions,
  summary,
} from "./steady-state.js";
import type { Iteration, Spectrum, VariantFit } from "./variants/fit.js";
import { variants } from "./variants/registry.js";
import { deviationOf, eigenvalueDeviations, meanMatrix } from "./variants/trials.js";

/**
 * A fitted operator by its modes: column t of the (stacked) trajectory is about Σ ξ_i λ_iᵗ b_i.
 * Complex arrays are interleaved: entry k at [2k] (real part) and [2k + 1] (imaginary part).
 */
export interface Dmd {
  readonly variant: Variant;
  /** The library that did what is long; several trajectories end in LAPACK. */
  readonly linalg: LinearAlgebra["name"];
  /** Features of one snapshot, before stacking. */
  readonly features: number;
  /** Snapshots of the last trajectory. */
  readonly time: number;
  readonly stacks: number;
  /** Whether snapshots are complex. */
  readonly complex: boolean;
  /** How many singular values were kept: the number of modes; a constant has one more. */
  readonly rank: number;
  /**
   * All of them, descending, kept or not: of X, of X less its mean (`"affine"`), of [X; Y] (`"total-least-squares"`),
   * of the projected future (`"subspace"`).
   */
  readonly singularValues: Float64Array;
  /**
   * Complex; by |λ| descending, then real part ascending, then imaginary part ascending. Of `"bagged"`: means over the
   * trials, for real snapshots in conjugate pairs where the fit to all columns has them.
   */
  readonly eigenvalues: Float64Array;
  /** One complex vector of (stacked) features for each eigenvalue; formed when first read. */
  readonly modes: readonly Float64Array[];
  /** Complex; how much of each mode the last trajectory's first column holds. */
  readonly amplitudes: Float64Array;
  /** How an iterative fit ended; null for the other variants. */
  readonly iteration: Iteration | null;
  /** What the trials of `"bagged"` disagree about; null for the other variants. */
  readonly spread: Spread | null;
  /** The last trajectory as the fit has it: [features, time]. */
  reconstruct(): Snapshots;
  /**
   * The next `count` snapshots after the last trajectory: [features, count]. Nothing is clamped.
   *
   * @throws GLOCAL_BAD_OPTION, GLOCAL_BAD_SHAPE; GLOCAL_LINALG where it grows beyond float64; GLOCAL_OUT_OF_MEMORY
   *   where so many snapshots cannot fit into this machine's memory.
   */
  forecast(count: number, options?: ForecastOptions): Snapshots;
  /**
   * What the trajectory settles at; see {@link SteadyStateOptions}. A policy that needs no `steps` may be given by its
   * name. Default `"paper"`.
   *
   * @throws GLOCAL_BAD_OPTION, GLOCAL_LINALG
   */
  steadyState(options?: SteadyStateOptions | Policy): SteadyState;
  /**
   * ‖x′ − x̂′‖ / ‖x′‖ over all steps of the trajectories fitted, x̂′ being what the operator makes of the snapshots
   * before; or over those of a trajectory that the fit has not seen, real or complex. Within the directions that
   * `spatialRank` kept, for the former. Trajectories of zeros have 0.
   *
   * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE, GLOCAL_BAD_OPTION, GLOCAL_LINALG
   */
  residual(unseen?: SnapshotsInput, options?: ForecastOptions): number;
  /** Plain data: complex numbers are [re, im]. */
  toJSON(): DmdJson;
}

export interface ForecastOptions {
  /**
   * For fits with control. Of a forecast: [inputs, count], column i acting after snapshot `time + i`; default: the
   * last one held. Of an unseen trajectory: [inputs, time].
   */
  readonly control?: SnapshotsInput;
}

export interface Spread {
  /** √ of the mean of |λ − mean|², for each eigenvalue. */
  readonly eigenvalues: Float64Array;
  /** The same of each entry of a forecast: [features, count], real. */
  forecast(count: number): Snapshots;
}

export interface DmdJson {
  readonly variant: Variant;
  readonly linalg: string;
  readonly features: number;
  readonly time: number;
  readonly stacks: number;
  readonly complex: boolean;
  readonly rank: number;
  readonly singularValues: number[];
  readonly eigenvalues: [re: number, im: number][];
  readonly amplitudes: [re: number, im: number][];
  readonly modes: [re: number, im: number][][];
  readonly iteration: Iteration | null;
  readonly eigenvalueSpread: number[] | null;
}

/**
 * Fits K = argmin ‖Y − K X‖ (eq. 14) to a trajectory, where X holds all (stacked) snapshots but
 * the last and Y all but the first; or another operator, see {@link Variant}. Float64, through LAPACK
 * (dgeqrf, dgesvd, dgeev, zgelsd; zgeqrf, zgesvd, zgeev for complex snapshots) or, on a CUDA device,
 * through cuSOLVER (Xgeqrf, Xgesvd, Xgeev), which takes real snapshots; complex ones run in LAPACK.
 *
 * A trajectory of zeros has rank 0 and no modes (with a constant: the one of λ = 1).
 *
 * @param snapshots [features, time] with time > stacks; or several trajectories of the same system, whose steps are
 *   pooled. Amplitudes, reconstruction, forecasts and steady states are those of the last one.
 * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE, GLOCAL_BAD_OPTION, GLOCAL_LINALG (snapshots that are
 *   not finite, or a routine that fails), GLOCAL_ADDON; for a device that cannot be opened what
 *   `openDevice` throws.
 */
export function dmd(
  snapshots: SnapshotsInput | readonly SnapshotsInput[],
  options: DmdOptions = {},
): Dmd {
  const problem = prepare(snapshots, options);
  const fit = variants[problem.variant](problem);
  return new Fitted(problem, fit);
}

class Fitted implements Dmd {
  readonly variant: Variant;
  readonly linalg: LinearAlgebra["name"];
  readonly features: number;
  readonly time: number;
  readonly stacks: number;
  readonly complex: boolean;
  readonly rank: number;
  readonly singularValues: Float64Array;
  readonly eigenvalues: Float64Array;
  readonly amplitudes: Float64Array;
  readonly iteration: Iteration | null;
  readonly spread: Spread | null;
  readonly #problem: Problem;
  readonly #fit: VariantFit;
  readonly #spectrum: Spectrum;
  /** One, or one for each trial. */
  readonly #models: readonly Model[];
  #modes: readonly Float64Array[] | undefined;

  constructor(problem: Problem, fit: VariantFit) {
    const { model, spectrum } = complete(problem, fit);
    problem.algebra.keepOnly(problem.basis);
    this.#problem = problem;
    this.#fit = fit;
    this.#spectrum = spectrum;
    this.#models = fit.members.length > 0 ? fit.members.map(modelOfSpectrum) : [model];
    this.variant = problem.variant;
    this.linalg = problem.algebra.name;
    this.features = problem.features;
    this.time = problem.times.at(-1) as number;
    this.stacks = problem.stacks;
    this.complex = problem.complex;
    this.rank = fit.rank;
    this.singularValues = fit.singularValues;
    this.eigenvalues = spectrum.eigenvalues;
    this.amplitudes = spectrum.amplitudes;
    this.iteration = fit.iteration;
    this.spread = fit.members.length > 0 ? this.#spreadOf(fit.members) : null;
  }

  // A steady state does without them, and they are longer than all else here.
  get modes(): readonly Float64Array[] {
    const { modes } = this.#spectrum;
    if (modes.columns === 0) {
      return [];
    }
    if (!this.#modes) {
      const blocks = Array.from({ length: this.stacks }, (_, s) => this.#expand(modes, s));
      this.#modes = Array.from({ length: modes.columns }, (_, k) => {
        const mode = new Float64Array(2 * this.features * this.stacks);
        blocks.forEach((block, s) => {
          mode.set(column(block, k), 2 * s * this.features);
        });
        return mode;
      });
    }
    return this.#modes;
  }

  reconstruct(): Snapshots {
    const length = this.time - this.stacks + 1;
    const series = inputsOf(this.#problem, length);
    const mean = meanMatrix(this.#models.map((model) => columnsFrom(model, series, length)));
    // The oldest snapshot of each column, and of the last one all.
    const ends = Array.from({ length: this.stacks - 1 }, (_, s) =>
      columnsOf(this.#block(mean, s + 1), length - 1, length),
    );
    return toSnapshots(this.#lengthen(beside(this.#block(mean, 0), ...ends)));
  }

  forecast(count: number, options: ForecastOptions = {}): Snapshots {
    return toSnapshots(this.#lengthen(meanMatrix(this.#forecasts(count, options))));
  }

  steadyState(given: SteadyStateOptions | Policy = {}): SteadyState {
    const options = checkPolicy(given);
    const several = this.#models.length > 1;
    const verdicts = this.#models.map((model) => {
      const eigenvalues = several ? diagonalOf(model.operator.matrix) : this.eigenvalues;
      const { system, lift } = systemOf(this.#problem, model, eigenvalues);
      const { state, block, ...report } = decide(system, options);
      const coordinates = state && multiply(lift, state);
      const own = coordinates && this.#block(coordinates, block === "oldest" ? 0 : this.stacks - 1);
      return { ...report, clamp: Math.max(1, spectralRadius(system.eigenvalues)), own };
    });
    const values = verdicts.flatMap(({ own }) => (own ? [own] : []));
    const value = values.length === 0 ? null : this.#lengthen(meanMatrix(values));
    return {
      policy: options.policy ?? "paper",
      value: value && requireFinite(value.data),
      deviation: several && value ? this.#deviationOf(values).data : null,
      ...summary(verdicts.map(({ own, ...verdict }) => ({ ...verdict, answered: own !== null }))),
    };
  }

  residual(unseen?: SnapshotsInput, options: ForecastOptions = {}): number {
    const { trajectories, control: inputs } = this.#problem;
    checkForecastOptions(options);
    if (unseen === undefined) {
      check(options.control === undefined, "control only of an unseen trajectory", options.control);
      const errors = trajectories.map((columns, k) => {
        const { error, size } = this.#stepErrors(columns, inputs?.[k] ?? null);
        return [error, size] as const;
      });
      return ratio(errors);
    }
    checkSnapshots(unseen, "unseen");
    const [features, time] = unseen.shape;
    if (features !== this.features || time <= this.stacks) {
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `unseen.shape to be [${this.features}, more than ${this.stacks}]`,
        received: JSON.stringify(unseen.shape),
      });
    }
    const { algebra, basis } = this.#problem;
    const complete = fromSnapshots(unseen);
    const coordinates = algebra.download(algebra.multiplyAdjoint(basis, algebra.upload(complete)));
    algebra.keepOnly(basis);
    const known = this.#controlOf(options.control, time);
    const later = known && columnsOf(known, this.stacks - 1, time);
    const { error, size } = this.#stepErrors(stackColumns(coordinates, this.stacks), later);
    // What the fitted snapshots do not span, no prediction has either.
    const beyond = plus(complete, this.#lengthen(coordinates, unseen.complex), -1);
    const missed = norm(columnsOf(beyond, this.stacks, time));
    return ratio([[Math.hypot(error, missed), Math.hypot(size, missed)]]);
  }

  toJSON(): DmdJson {
    const { variant, linalg, features, time, stacks, complex, rank, iteration } = this;
    return {
      ...{ variant, linalg, features, time, stacks, complex, rank },
      singularValues: [...this.singularValues],
      eigenvalues: complexPairs(this.eigenvalues),
      amplitudes: complexPairs(this.amplitudes),
      modes: this.modes.map(complexPairs),
      iteration,
      eigenvalueSpread: this.spread && [...this.spread.eigenvalues],
    };
  }

  /** Coordinates of what each model foretells. */
  #forecasts(count: number, options: ForecastOptions): HostMatrix[] {
    whole("count", count, 1);
    checkForecastOptions(options);
    const known = this.time - this.stacks + 1;
    this.#checkMemory(known + count);
    const { control } = options;
    const future = control ? this.#controlOf(control, count) : null;
    const series = inputsOf(this.#problem, known + count, future);
    return this.#models.map((model) => {
      const columns = columnsFrom(model, series, known + count);
      const ahead = columnsOf(columns, known, known + count);
      return this.#block(ahead, this.stacks - 1);
    });
  }

  /** Before the work begins: a process that runs out of memory cannot catch it. */
  #checkMemory(columns: number): void {
    const { lift, matrix } = (this.#models[0] as Model).operator;
    const width = this.complex ? 2 : 1;
    // Complex states and stacked coordinates, a block for each trial, and the result with two copies.
    const trials = (width * lift.rows * this.#models.length) / this.stacks;
    const numbers = 2 * matrix.rows + 4 * lift.rows + trials + 3 * width * this.features;
    const most = Math.floor(memoryBytes() / (8 * numbers));
    if (columns > most) {
      throw new GlocalError("GLOCAL_OUT_OF_MEMORY", {
        expected: `at most ${most} snapshots, those of the trajectory included, for which there is memory`,
        received: String(columns),
      });
    }
  }

  #controlOf(control: SnapshotsInput | undefined, time: number): HostMatrix | null {
    const own = this.#problem.control?.at(-1);
    if (!own) {
      if (control !== undefined) {
        throw bad("no control for a fit without control", "control");
      }
      return null;
    }
    if (control === undefined) {
      throw bad("control for a fit with control", "none");
    }
    checkSnapshots(control, "control");
    if (control.complex || control.shape[0] !== own.rows || control.shape[1] !== time) {
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `real control of shape [${own.rows}, ${time}]`,
        received: JSON.stringify(control.shape),
      });
    }
    return fromSnapshots(control);
  }

  /** Of the newest snapshot in each column: the others were known before. */
  #stepErrors(columns: HostMatrix, inputs: HostMatrix | null) {
    const last = columns.columns - 1;
    const from = columnsOf(columns, 0, last);
    const predicted = this.#fit.advance(from, inputs && columnsOf(inputs, 0, last));
    const newest = (given: HostMatrix) =>
      rowsOf(given, given.rows - given.rows / this.stacks, given.rows);
    const target = newest(columnsOf(columns, 1, last + 1));
    // A real operator makes complex columns of complex ones.
    const own = columns.complex ? asComplex(predicted) : this.#own(predicted);
    return { error: norm(plus(target, newest(own), -1)), size: norm(target) };
  }

  /** Coordinates of the s-th snapshot of each stack. */
  #block(columns: HostMatrix, s: number): HostMatrix {
    const size = columns.rows / this.stacks;
    return this.#own(rowsOf(columns, s * size, (s + 1) * size));
  }

  /** Real where snapshots are: complex modes come in pairs, whose imaginary parts cancel. */
  #own(columns: HostMatrix): HostMatrix {
    return this.complex ? asComplex(columns) : realPartOf(columns);
  }

  /** Coordinates at their full length. */
  #lengthen(coordinates: HostMatrix, complex: boolean = this.complex): HostMatrix {
    const { algebra, basis } = this.#problem;
    requireFinite(coordinates.data);
    const result = algebra.download(algebra.multiply(basis, algebra.upload(coordinates)));
    algebra.keepOnly(basis);
    return complex ? asComplex(result) : realPartOf(result);
  }

  #expand(columns: HostMatrix, s: number): HostMatrix {
    const size = columns.rows / this.stacks;
    return this.#lengthen(asComplex(rowsOf(columns, s * size, (s + 1) * size)), true);
  }

  #deviationOf(coordinates: readonly HostMatrix[]): HostMatrix {
    return deviationOf(coordinates, (columns) => this.#lengthen(columns));
  }

  #spreadOf(members: readonly Spectrum[]): Spread {
    return {
      eigenvalues: eigenvalueDeviations(members, this.eigenvalues),
      forecast: (count) => toSnapshots(this.#deviationOf(this.#forecasts(count, {}))),
    };
  }
}

function checkForecastOptions(options: ForecastOptions): void {
  requireObject("options", options);
  for (const name of Object.keys(options)) {
    check(name === "control", "an option of a forecast (control)", name);
  }
}

function ratio(parts: readonly (readonly [error: number, size: number])[]): number {
  const size = Math.hypot(...parts.map((part) => part[1]));
  const error = Math.hypot(...parts.map((part) => part[0]));
  return size === 0 ? 0 : error / size;
}
