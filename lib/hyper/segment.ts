/** What one call of a study asks the device to train. */
import type { Carry } from "./tangents.js";

/** A stretch of training that one job holds. */
export interface Segment {
  readonly steps: number;
  /** Hypergradients after the last this many steps; 0 trains only. */
  readonly last: number;
  /** Goes back to the state after this many steps once the segment is done. */
  readonly returnTo?: number;
  /** How the tangents of the segment before go on; without it they begin at zero, and grow as they may. */
  readonly carry?: Carry;
}
