/** `glocal/koopman`: dynamic mode decomposition on its own, for any trajectory. */

export { type ErrorCode, GlocalError } from "../errors.js";
export { complexPairs } from "./complex.js";
export { type Dmd, type DmdJson, dmd, type ForecastOptions, type Spread } from "./dmd.js";
export { hankel } from "./hankel.js";
export type { LinalgName, LinalgOptions } from "./linalg/choose.js";
export type { Constraint, DmdOptions, Variant } from "./options.js";
export type { Snapshots, SnapshotsInput } from "./snapshots.js";
export type { Policy, SteadyState, SteadyStateOptions, TrialCounts } from "./steady-state.js";
export type { Rank } from "./truncation.js";
export type { Iteration } from "./variants/fit.js";
