/** What a policy is given, and what it says. */

import type { HostMatrix } from "../linalg/algebra.js";

/** An operator with states at two times. Inputs, where it has any, are held at their last. */
export interface System {
  /** States × states. */
  readonly matrix: HostMatrix;
  /** The last state is a constant, in units of what it drives the others by. */
  readonly affine: boolean;
  /** In the order of `spectralOrder`; complex. */
  readonly eigenvalues: Float64Array;
  /** The state of the first column. */
  readonly first: HostMatrix;
  /** The state of the last column, or of the one that follows. */
  readonly last: HostMatrix;
  /** 0 or 1: steps from the last column to `last`. */
  readonly passed: 0 | 1;
}

export interface Verdict {
  /** Null: there is none. */
  readonly state: HostMatrix | null;
  /** Which snapshot of a stack it is for. */
  readonly block: "oldest" | "newest";
  /** As the policy took them. */
  readonly eigenvalues: Float64Array;
  /** Which modes it kept. */
  readonly selected: readonly boolean[];
}
