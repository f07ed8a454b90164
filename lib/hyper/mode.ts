/** What the two ways of computing a window's hypergradients have in common. */
import type { DeviceJob } from "../runtime/executable.js";
import type { CarryOver } from "./carry.js";
import type { Segment } from "./segment.js";

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
