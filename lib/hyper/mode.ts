/** What the two ways of computing a window's hypergradients have in common. */
import type { DeviceJob } from "../runtime/executable.js";
import type { CarryOver } from "./carry.js";
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

export interface Mode {
  readonly name: "plain" | "forward" | "reverse";
  /** Lanes that run together. */
  readonly lanes: number;
  /** Whether a stopped job leaves the state where it stopped, rather than anywhere. */
  readonly stopsCleanly: boolean;
  /** What carries tangents from segment to segment; only where a study asks for it. */
  readonly carryOver?: CarryOver | undefined;
  /**
   * Writes the commands of a segment.
   *
   * @param afterStep called with the number of steps done, right after each step of the pass that counts
   */
  addSegment(job: DeviceJob, segment: Segment, afterStep: (done: number) => void): void;
  /** Hypergradients of the segment just run: row-major [points, q]. */
  readTrajectory(points: number): Float64Array;
}
