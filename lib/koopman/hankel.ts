/** Time-delay embedding. */

import { GlocalError } from "../errors.js";
import { fromSnapshots, stackColumns, toSnapshots } from "./linalg/host-matrix.js";
import { checkSnapshots, type Snapshots, type SnapshotsInput } from "./snapshots.js";

/**
 * Time-delay embedding (eq. 24 of the paper): column j of the result stacks the columns
 * j, j+1, …, j+stacks−1 of the trajectory, the earliest on top.
 *
 * @param trajectory [features, time].
 * @param stacks How many consecutive columns one stacked column holds; 1 ≤ stacks ≤ time.
 * @returns [features · stacks, time − stacks + 1]; the first `features` rows are the trajectory itself.
 * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_OPTION, GLOCAL_LINALG (an entry that is not finite).
 */
export function hankel(trajectory: SnapshotsInput, stacks: number): Snapshots {
  checkSnapshots(trajectory);
  const time = trajectory.shape[1];
  if (!Number.isInteger(stacks) || stacks < 1 || stacks > time) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `stacks to be an integer from 1 to the ${time} snapshots given`,
      received: String(stacks),
    });
  }
  return toSnapshots(stackColumns(fromSnapshots(trajectory), stacks));
}
