/**
 * What the command line uses of the package's public face. It is loaded only
 * when a command needs it, so that help and usage errors are there at once,
 * and tests hand in their own.
 */

import type * as face from "../index.js";

export type Library = Pick<
  typeof face,
  | "tune"
  | "nn"
  | "optim"
  | "learn"
  | "none"
  | "local"
  | "last"
  | "mean"
  | "global"
  | "glocal"
  | "devices"
>;

/** A device, with the path of the addon where that is known. */
export type DeviceReport = face.DeviceInfo & { readonly addon?: string };

export async function loadLibrary(): Promise<Library> {
  return import("../index.js");
}
