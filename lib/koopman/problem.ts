/** Trajectories made ready for a fit: as short as they are many, stacked, side by side. */

import { GlocalError } from "../errors.js";
import { bad, check, shown } from "./checks.js";
import type { HostMatrix, LinearAlgebra, Matrix } from "./linalg/algebra.js";
import { chooseAlgebra } from "./linalg/choose.js";
import {
  asComplex,
  below,
  beside,
  columnsOf,
  fromSnapshots,
  realMatrix,
  scaleColumns,
  stackColumns,
} from "./linalg/host-matrix.js";
import { lapack } from "./linalg/lapack.js";
import { checkOptions, checkRankLimit, type DmdOptions, type Variant } from "./options.js";
import { checkSnapshots, type SnapshotsInput } from "./snapshots.js";
import { countKept, type Rank, type Truncation } from "./truncation.js";

/**
 * Snapshots are long and few, and a fit happens in their span: with S = Q R, R stands in for S. A stack
 * of snapshots is then a stack of columns of R, which Q takes back to its full length block by block.
 */
export interface Problem {
  readonly variant: Variant;
  readonly options: DmdOptions;
  /** Does what is long. */
  readonly algebra: LinearAlgebra;
  /** Features × coordinates, orthonormal columns; `algebra`'s. */
  readonly basis: Matrix;
  readonly complex: boolean;
  readonly features: number;
  readonly stacks: number;
  /** Snapshots of each trajectory. */
  readonly times: readonly number[];
  /** Where the fit is computed: `algebra` where one trajectory is fitted, else the host. */
  readonly at: LinearAlgebra;
  /** A single trajectory's stacked coordinates, one column per time; `at`'s. Null for several. */
  readonly series: Matrix | null;
  /** For each trajectory its stacked coordinates, on the host. */
  readonly trajectories: readonly HostMatrix[];
  /** The last of them. */
  readonly last: HostMatrix;
  /** For each trajectory the inputs that act after each of those columns; null without control. */
  readonly control: readonly HostMatrix[] | null;
  readonly truncation: Truncation;
  readonly tikhonov: number;
}

/** Each column of `x` and the one that follows it, from all trajectories, weighted. */
export interface Pairs {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** @param chosen What does the long part; default: as the options say. */
export function prepare(
  given: SnapshotsInput | readonly SnapshotsInput[],
  options: DmdOptions,
  chosen?: LinearAlgebra,
): Problem {
  const list = listOf(given);
  checkOptions(options);
  const { variant = "exact", stacks = 1, rank, rcond = 1e-10, tikhonov = 0 } = options;
  const spatialRank = options.spatialRank ?? (variant === "hodmd" ? "rcond" : undefined);
  const [features, times] = checkTrajectories(list, options, stacks);
  const pairs = times.reduce((sum, time) => sum + time - stacks, 0);
  const time = times.reduce((sum, more) => sum + more, 0);
  checkRankLimit("spatialRank", options.spatialRank, Math.min(features, time));
  const directions = typeof spatialRank === "number" ? spatialRank : features;
  checkRankLimit("rank", rank, Math.min(directions * stacks, pairs));
  const control = checkControl(options.control, times, stacks);

  const complex = list.some((snapshots) => snapshots.complex);
  const matrices = list.map((snapshots) => {
    const matrix = fromSnapshots(snapshots);
    return complex ? asComplex(matrix) : matrix;
  });
  const whole = matrices.length === 1 ? (matrices[0] as HostMatrix) : beside(...matrices);
  const algebra = chosen ?? chooseAlgebra(options, complex);
  const { basis, coordinates } = shorten(algebra, algebra.upload(whole), spatialRank, rcond);
  const shared = { variant, options, algebra, basis, complex, features, stacks, times, control };
  const truncation: Truncation = { rank, rcond };

  if (times.length === 1) {
    const series = algebra.stackColumns(coordinates, stacks);
    const last = algebra.download(series);
    return { ...shared, at: algebra, series, trajectories: [last], last, truncation, tikhonov };
  }
  const host = algebra.download(coordinates);
  let from = 0;
  const trajectories = times.map((length) => {
    const part = columnsOf(host, from, from + length);
    from += length;
    return stackColumns(part, stacks);
  });
  const last = trajectories.at(-1) as HostMatrix;
  return { ...shared, at: lapack, series: null, trajectories, last, truncation, tikhonov };
}

function shorten(
  algebra: LinearAlgebra,
  snapshots: Matrix,
  spatialRank: Rank | "rcond" | undefined,
  rcond: number,
): { basis: Matrix; coordinates: Matrix } {
  const { basis, coordinates } = algebra.qr(snapshots);
  if (spatialRank === undefined) {
    return { basis, coordinates };
  }
  const { left, singularValues } = algebra.svd(coordinates);
  const rank = spatialRank === "rcond" ? undefined : spatialRank;
  const { rows, columns } = snapshots;
  const kept = Math.max(1, countKept(singularValues, { rank, rcond }, rows, columns));
  const directions = algebra.columns(left, 0, kept);
  return {
    basis: algebra.multiply(basis, directions),
    coordinates: algebra.multiplyAdjoint(directions, coordinates),
  };
}

/** Columns that follow one another, `length` to a run: run k is column k of every part. */
export function runs(problem: Problem, length: number): HostMatrix[] {
  const { trajectories } = problem;
  return Array.from({ length }, (_, shift) => {
    const parts = trajectories.map((part) =>
      columnsOf(part, shift, Math.max(shift, part.columns - length + 1 + shift)),
    );
    return scaleColumns(beside(...parts), rootWeights(problem, length));
  });
}

/** √w for each run, in the order of `runs`. */
export function rootWeights({ options, trajectories }: Problem, length: number): Float64Array {
  const counts = trajectories.map((part) => Math.max(0, part.columns - length + 1));
  return Float64Array.from(
    counts.flatMap((count, k) => Array(count).fill(Math.sqrt(options.weights?.[k] ?? 1))),
  );
}

export function pairsOf(problem: Problem): Pairs {
  const { at, series, options } = problem;
  if (series && !options.weights) {
    const last = series.columns - 1;
    return { x: at.columns(series, 0, last), y: at.columns(series, 1, last + 1) };
  }
  const { x, y } = hostPairs(problem);
  return { x: at.upload(x), y: at.upload(y) };
}

export function hostPairs(problem: Problem): { x: HostMatrix; y: HostMatrix } {
  const [x, y] = runs(problem, 2) as [HostMatrix, HostMatrix];
  return { x, y };
}

/** Inputs between the two columns of each pair, below a row of ones for a constant; weighted. */
export function regressors(problem: Problem, constant: boolean): HostMatrix {
  const weights = rootWeights(problem, 2);
  const ones = realMatrix(new Float64Array(weights.length).fill(1), 1, weights.length);
  const inputs = problem.control?.map((part) => columnsOf(part, 0, part.columns - 1));
  const rows = [...(constant ? [ones] : []), ...(inputs ? [beside(...inputs)] : [])];
  return scaleColumns(below(...rows), weights);
}

const isList = (value: unknown): boolean => Array.isArray(value) || value instanceof Float64Array;

function listOf(given: SnapshotsInput | readonly SnapshotsInput[]): readonly SnapshotsInput[] {
  return Array.isArray(given) ? given : [given as SnapshotsInput];
}

function checkTrajectories(
  list: readonly SnapshotsInput[],
  { variant = "exact", weights }: DmdOptions,
  stacks: number,
): [features: number, times: number[]] {
  if (list.length === 0) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: "at least one trajectory",
      received: "an empty list",
    });
  }
  list.forEach((snapshots, k) => {
    checkSnapshots(snapshots, list.length === 1 ? "snapshots" : `snapshots[${k}]`);
  });
  const features = (list[0] as SnapshotsInput).shape[0];
  const times = list.map(({ shape }) => shape[1]);
  const other = list.find(({ shape }) => shape[0] !== features);
  if (other) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `${features} features in every trajectory, as in the first`,
      received: String(other.shape[0]),
    });
  }
  const shortest = Math.min(...times);
  if (shortest < 2) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: "at least two snapshots",
      received: String(shortest),
    });
  }
  if (!Number.isInteger(stacks) || stacks < 1 || stacks >= shortest) {
    throw bad(
      `stacks to be an integer from 1 to ${shortest - 1}, below the ${shortest} snapshots`,
      String(stacks),
    );
  }
  if (list.length > 1 && (variant === "optimized" || variant === "bagged")) {
    throw bad(`one trajectory for variant "${variant}"`, `${list.length}`);
  }
  if (weights !== undefined) {
    check(isList(weights), "weights to be an array of numbers", weights);
    const positive = weights.every((weight) => Number.isFinite(weight) && weight > 0);
    if (weights.length !== list.length || !positive) {
      throw bad(
        `weights to be ${list.length} finite numbers above 0, one for each trajectory`,
        shown([...weights]),
      );
    }
  }
  return [features, times];
}

function checkControl(
  given: DmdOptions["control"],
  times: readonly number[],
  stacks: number,
): HostMatrix[] | null {
  if (given === undefined) {
    return null;
  }
  const list = listOf(given);
  if (list.length !== times.length) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `control for each of the ${times.length} trajectories`,
      received: String(list.length),
    });
  }
  const inputs = list[0]?.shape?.[0];
  const matrices = list.map((part, k) => {
    const name = list.length === 1 ? "control" : `control[${k}]`;
    checkSnapshots(part, name);
    if (part.complex) {
      throw bad(`${name} to be real`, "complex entries");
    }
    if (part.shape[0] !== inputs || part.shape[1] !== times[k]) {
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `${name}.shape to be [${inputs}, ${times[k]}], a column for each snapshot`,
        received: JSON.stringify(part.shape),
      });
    }
    const matrix = fromSnapshots(part);
    // The newest of a stack is followed by what its own input makes of it.
    return columnsOf(matrix, stacks - 1, matrix.columns);
  });
  return matrices;
}
