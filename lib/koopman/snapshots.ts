/** Trajectories as they come in: and the check every entry point makes. */

import { GlocalError } from "../errors.js";

/** A trajectory of a system's observables, one column per time. */
export interface Snapshots {
  /** Row-major entries: feature i at time t is `data[i * time + t]`. Finite. */
  readonly data: Float64Array;
  /** [features, time], both at least 1. */
  readonly shape: readonly [features: number, time: number];
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
  const bad = firstNonFinite(data);
  if (bad < data.length) {
    const [row, column] = [Math.floor(bad / shape[1]), bad % shape[1]];
    throw new GlocalError("GLOCAL_LINALG", {
      expected: "finite snapshots",
      received: `${data[bad]} in feature ${row} at time ${column}`,
      hint: "A trajectory of a diverged run has no linear model; end it before the first such entry.",
    });
  }
}

/** A plain loop: `findIndex` took as long as the fit's factorisation. */
function firstNonFinite(values: Float64Array): number {
  let k = 0;
  while (k < values.length && Number.isFinite(values[k])) {
    k++;
  }
  return k;
}
