/** Trajectories as they come in: and the check every entry point makes. */

import { GlocalError } from "../errors.js";
import { requireObject } from "./checks.js";

/** A trajectory of a system's observables, one column per time. */
export interface SnapshotsInput {
  /**
   * Row-major entries: feature i at time t is number `i * time + t`. Finite. Float32 is converted.
   * Complex entries are interleaved: real part at `2 * (i * time + t)`, imaginary part after it.
   */
  readonly data: Float64Array | Float32Array;
  /** [features, time], both at least 1. */
  readonly shape: readonly [features: number, time: number];
  /** Whether entries are complex. Default false. */
  readonly complex?: boolean;
}

/** What comes out: the same in float64. */
export interface Snapshots extends SnapshotsInput {
  readonly data: Float64Array;
}

/** Throws a coded error unless the shape fits the data and every entry is finite. */
export function checkSnapshots(snapshots: SnapshotsInput, name = "snapshots"): void {
  requireObject(name, snapshots);
  const { data, shape, complex = false } = snapshots;
  if (!(data instanceof Float64Array || data instanceof Float32Array)) {
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: `${name}.data to be a Float64Array (or a Float32Array)`,
      received: Object.prototype.toString.call(data),
      hint: "Convert with Float64Array.from(values).",
    });
  }
  if (typeof complex !== "boolean") {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${name}.complex to be true or false`,
      received: String(complex),
    });
  }
  const numbers = complex ? 2 : 1;
  const fits =
    Array.isArray(shape) &&
    shape.length === 2 &&
    shape.every((extent) => Number.isInteger(extent) && extent >= 1) &&
    numbers * shape[0] * shape[1] === data.length;
  if (!fits) {
    const product = complex ? "2 · features · time" : "features · time";
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `${name}.shape to be [features, time] with ${product} = ${data.length}`,
      received: JSON.stringify(shape) ?? "undefined",
    });
  }
  const bad = firstNonFinite(data);
  if (bad < data.length) {
    const entry = Math.floor(bad / numbers);
    const [row, column] = [Math.floor(entry / shape[1]), entry % shape[1]];
    throw new GlocalError("GLOCAL_LINALG", {
      expected: `finite ${name}`,
      received: `${data[bad]} in feature ${row} at time ${column}`,
      hint: "A trajectory of a diverged run has no linear model; end it before the first such entry.",
    });
  }
}

/** A plain loop: `findIndex` took as long as the fit's factorisation. */
function firstNonFinite(values: Float64Array | Float32Array): number {
  let k = 0;
  while (k < values.length && Number.isFinite(values[k])) {
    k++;
  }
  return k;
}
