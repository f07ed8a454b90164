/** Trajectories as they come in: the check every entry point makes, and the time-delay embedding. */

import { GlocalError } from "../errors.js";

/** A trajectory of a system's observables, one column per time. */
export interface Snapshots {
  /** Row-major entries: feature i at time t is `data[i * time + t]`. Finite. */
  readonly data: Float64Array;
  /** [features, time], both at least 1. */
  readonly shape: readonly [features: number, time: number];
}

/**
 * Time-delay embedding (eq. 24 of the paper): column j of the result stacks the columns
 * j, j+1, …, j+stacks−1 of the trajectory, the earliest on top.
 *
 * @param trajectory [features, time].
 * @param stacks How many consecutive columns one stacked column holds; 1 ≤ stacks ≤ time.
 * @returns [features · stacks, time − stacks + 1]; the first `features` rows are the trajectory itself.
 * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_OPTION, GLOCAL_LINALG (an entry that is not finite).
 */
export function hankel(trajectory: Snapshots, stacks: number): Snapshots {
  checkSnapshots(trajectory);
  const [features, time] = trajectory.shape;
  if (!Number.isInteger(stacks) || stacks < 1 || stacks > time) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `stacks to be an integer from 1 to the ${time} snapshots given`,
      received: String(stacks),
    });
  }
  const columns = time - stacks + 1;
  const data = new Float64Array(features * stacks * columns);
  for (let delay = 0; delay < stacks; delay++) {
    for (let feature = 0; feature < features; feature++) {
      const from = feature * time + delay;
      const row = trajectory.data.subarray(from, from + columns);
      data.set(row, (delay * features + feature) * columns);
    }
  }
  return { data, shape: [features * stacks, columns] };
}

/** Throws a coded error unless the shape fits the data and every entry is finite. */
export function checkSnapshots(snapshots: Snapshots): void {
  const { data, shape } = snapshots;
  if (!(data instanceof Float64Array)) {
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: "snapshots.data to be a Float64Array",
      received: Object.prototype.toString.call(data),
      hint: "Convert with Float64Array.from(values).",
    });
  }
  const fits =
    Array.isArray(shape) &&
    shape.length === 2 &&
    shape.every((extent) => Number.isInteger(extent) && extent >= 1) &&
    shape[0] * shape[1] === data.length;
  if (!fits) {
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `snapshots.shape to be [features, time] with features · time = ${data.length}`,
      received: JSON.stringify(shape) ?? "undefined",
    });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const [row, column] = [Math.floor(bad / shape[1]), bad % shape[1]];
    throw new GlocalError("GLOCAL_LINALG", {
      expected: "finite snapshots",
      received: `${data[bad]} in feature ${row} at time ${column}`,
      hint: "A trajectory of a diverged run has no linear model; end it before the first such entry.",
    });
  }
}
