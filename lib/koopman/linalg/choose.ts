/** Which algebra computes a fit. */

import { GlocalError } from "../../errors.js";
import { callNative } from "../../native/errors.js";
import { type Device, type DeviceName, defaultDevice } from "../../runtime/device.js";
import type { LinearAlgebra } from "./algebra.js";
import { CuSolver } from "./cusolver.js";
import { lapack } from "./lapack.js";

export type LinalgName = "auto" | LinearAlgebra["name"];

export interface LinalgOptions {
  /**
   * The library for float64 linear algebra. `"auto"` (default): cuSOLVER on a CUDA device, else
   * LAPACK, which runs on the CPU.
   */
  readonly linalg?: LinalgName;
  /**
   * Where it runs: a device by name, shared with everything that names it, or one that is open.
   * Default `"cuda"` for `linalg: "cusolver"`, else `"cpu"`.
   */
  readonly device?: "auto" | DeviceName | Device;
}

/**
 * An algebra for one fit, and for no other: it knows the matrices that it made.
 *
 * @param complex Whether the trajectory is, for which only LAPACK's factorisations are made.
 * @throws GLOCAL_BAD_OPTION; for a device that cannot be opened what `openDevice` throws.
 */
export function chooseAlgebra(options: LinalgOptions, complex = false): LinearAlgebra {
  const { linalg = "auto", device = linalg === "cusolver" ? "cuda" : "cpu" } = options;
  checkLinalg(linalg);
  checkDevice(device);
  if (complex && linalg === "cusolver") {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'real snapshots for linalg: "cusolver"',
      received: "complex ones",
      hint: 'Use linalg: "lapack" or "auto".',
    });
  }
  if (complex || linalg === "lapack" || (linalg === "auto" && device === "cpu")) {
    return lapack;
  }
  const opened = typeof device === "string" ? defaultDevice({ device }) : device;
  const native = callNative(() => opened.native.linalg);
  if (native) {
    return new CuSolver(native);
  }
  if (linalg === "auto") {
    return lapack;
  }
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: 'a CUDA device for linalg: "cusolver"',
    received: `device ${JSON.stringify(opened.name)}`,
    hint: 'Use device: "cuda", or linalg: "auto" for what the device has.',
  });
}

/** Also where LAPACK needs none: an option that is wrong is not ignored. */
function checkDevice(device: unknown): void {
  const named = typeof device === "string" && /^(auto|cpu|cuda(:\d{1,4})?)$/.test(device);
  const open = typeof device === "object" && device !== null && "native" in device;
  if (!named && !open) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'device to be "auto", "cpu", "cuda", "cuda:<number>" or a Device',
      received: JSON.stringify(device),
    });
  }
}

/** @throws GLOCAL_BAD_OPTION */
export function checkLinalg(linalg: LinalgName): void {
  if (!["auto", "lapack", "cusolver"].includes(linalg)) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'linalg to be "auto", "lapack" or "cusolver"',
      received: JSON.stringify(linalg),
    });
  }
}
