/** `glocal/koopman`: dynamic mode decomposition on its own, for any trajectory. */

export { complexPairs } from "./complex.js";
export { type Dmd, type DmdOptions, dmd } from "./dmd.js";
export { hankel } from "./hankel.js";
export type { LinalgName, LinalgOptions } from "./linalg/choose.js";
export type { Snapshots } from "./snapshots.js";
export type { SteadyState, SteadyStateOptions } from "./steady-state.js";
