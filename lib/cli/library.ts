/**
 * What the command line uses of the package's public face. It is loaded only
 * when a command needs it, so that help and usage errors are there at once,
 * and tests hand in their own.
 */

import type * as face from "../index.js";
import type * as plotting from "../verify/plot.js";
import type * as suite from "../verify/suite.js";
import type * as summary from "../verify/summary.js";

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
  | "affine"
  | "global"
  | "glocal"
  | "devices"
>;

/** What `glocal verify` uses beside it. */
export interface Verifying {
  readonly verifyProblem: typeof suite.verifyProblem;
  readonly summarize: typeof summary.summarize;
  readonly meanCeiling: typeof summary.meanCeiling;
  readonly plot: typeof plotting.plot;
}

/** A device, with the path of the addon where that is known. */
export type DeviceReport = face.DeviceInfo & { readonly addon?: string };

export async function loadLibrary(): Promise<Library> {
  return import("../index.js");
}

export async function loadVerifying(): Promise<Verifying> {
  const [{ verifyProblem }, { summarize, meanCeiling }, { plot }] = await Promise.all([
    import("../verify/suite.js"),
    import("../verify/summary.js"),
    import("../verify/plot.js"),
  ]);
  return { verifyProblem, summarize, meanCeiling, plot };
}
