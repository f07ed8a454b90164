/** Dynamic mode decomposition: the linear operator that best advances a trajectory by one step. */

import { GlocalError } from "../errors.js";
import { exactModes, type FittedModes } from "./exact.js";
import type { LinearAlgebra } from "./linalg/algebra.js";
import { chooseAlgebra, type LinalgOptions } from "./linalg/choose.js";
import { column, fromSnapshots } from "./linalg/host-matrix.js";
import { checkSnapshots, type Snapshots } from "./snapshots.js";
import { type SteadyState, type SteadyStateOptions, steadyState } from "./steady-state.js";

export interface DmdOptions extends LinalgOptions {
  /** Consecutive snapshots stacked into one column (Hankel DMD, eq. 24); default 1: none. */
  readonly stacks?: number;
  /** Most singular values to keep; default: as many as `rcond` allows. */
  readonly rank?: number;
  /** Singular values at or below `rcond` times the largest are dropped; from 0 to 1, default 1e-10. */
  readonly rcond?: number;
  /** How modes are formed; `"exact"` (default): Y V Σ⁻¹ W. */
  readonly variant?: "exact";
}

/**
 * A fitted operator by its modes: column k of the (stacked) trajectory is about Σ ξ_i λ_i^k b_i.
 * Complex arrays are interleaved: entry k at [2k] (real part) and [2k + 1] (imaginary part).
 */
export interface Dmd extends Omit<FittedModes, "basis" | "modes"> {
  /** One complex vector of (stacked) features for each eigenvalue; formed when first read. */
  readonly modes: readonly Float64Array[];
  /** Features of one snapshot, before stacking. */
  readonly features: number;
  readonly stacks: number;
  /** The library that computed the fit. */
  readonly linalg: LinearAlgebra["name"];
  /** What the trajectory settles at; see {@link SteadyStateOptions}. */
  steadyState(options?: SteadyStateOptions): SteadyState;
}

/**
 * Fits K = argmin ‖Y − K X‖ (eq. 14) to a trajectory, where X holds all (stacked) snapshots but
 * the last and Y all but the first. Float64, through LAPACK (dgeqrf, dgesvd, dgeev, zgelsd) or, on a
 * CUDA device, through cuSOLVER (Xgeqrf, Xgesvd, Xgeev).
 *
 * A trajectory of zeros has rank 0 and no modes.
 *
 * @param snapshots [features, time] with time > stacks.
 * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE, GLOCAL_BAD_OPTION, GLOCAL_LINALG (snapshots that are
 *   not finite, or a routine that fails), GLOCAL_ADDON; for a device that cannot be opened what
 *   `openDevice` throws.
 */
export function dmd(snapshots: Snapshots, options: DmdOptions = {}): Dmd {
  checkSnapshots(snapshots);
  const { stacks = 1, rank, rcond = 1e-10, variant = "exact" } = options;
  checkOptions(snapshots, stacks, rank, rcond, variant);
  const [features, time] = snapshots.shape;
  const algebra = chooseAlgebra(options, features * stacks * (time - stacks + 1));
  const trajectory = algebra.upload(fromSnapshots(snapshots));
  const fit = exactModes(algebra, algebra.stackColumns(trajectory, stacks), {
    rcond,
    maxRank: rank ?? Number.POSITIVE_INFINITY,
  });
  const { basis, modes: reducedModes, ...spectrum } = fit;
  const keepModel = () => algebra.keepOnly(basis, reducedModes);
  keepModel();
  let modes: Dmd["modes"] | undefined;
  return {
    ...spectrum,
    // A steady state does without them, and they are longer than all else here.
    get modes() {
      if (!modes) {
        const full = algebra.download(algebra.multiply(basis, reducedModes));
        modes = Array.from({ length: full.columns }, (_, k) => column(full, k).slice());
        keepModel();
      }
      return modes;
    },
    features,
    stacks,
    linalg: algebra.name,
    steadyState: (how) => {
      const settled = steadyState({ ...fit, algebra, features }, how);
      keepModel();
      return settled;
    },
  };
}

function checkOptions(
  snapshots: Snapshots,
  stacks: number,
  rank: number | undefined,
  rcond: number,
  variant: string,
): void {
  const [features, time] = snapshots.shape;
  if (time < 2) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: "at least two snapshots",
      received: String(time),
    });
  }
  if (!Number.isInteger(stacks) || stacks < 1 || stacks >= time) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `stacks to be an integer from 1 to ${time - 1}, below the ${time} snapshots`,
      received: String(stacks),
    });
  }
  const limit = Math.min(features * stacks, time - stacks);
  if (rank !== undefined && !(Number.isInteger(rank) && rank >= 1 && rank <= limit)) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `rank to be an integer from 1 to ${limit}, the smaller side of the matrix fitted`,
      received: String(rank),
    });
  }
  if (!(rcond >= 0 && rcond < 1)) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "rcond to be a number from 0 to 1, below 1",
      received: String(rcond),
    });
  }
  if (variant !== "exact") {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'variant to be "exact"',
      received: JSON.stringify(variant),
    });
  }
}
