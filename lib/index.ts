/** The public face of glocal, and nothing else. */

export type { Dataset, Split } from "./data/index.js";
export { type Batches, datasets, shuffledBatches, splitValidation } from "./data/index.js";
export { type ErrorCode, GlocalError } from "./errors.js";
export {
  type BilevelOptions,
  bilevel,
  type TensorsOf,
} from "./hyper/bilevel.js";
export type {
  Estimate,
  Estimator,
  Horizon,
  StudyFacts,
  Trajectory,
  WindowEstimator,
  WindowTrajectory,
} from "./hyper/estimator.js";
export {
  type GlobalSettings,
  global,
  type LocalSettings,
  last,
  local,
  mean,
  none,
  type TangentSettings,
  type WindowSettings,
} from "./hyper/estimators.js";
export type { Fit, Pool } from "./hyper/forecast/settings.js";
export { affine, type GlocalSettings, glocal } from "./hyper/glocal.js";
export * as learn from "./hyper/learn.js";
export type { StepContext } from "./hyper/problem.js";
export type { Study } from "./hyper/study.js";
export type { CriterionSample } from "./hyper/subset.js";
export type { CarriedTangents, Progress, Tangents } from "./hyper/tangents.js";
export { type ModelFunction, type TuneOptions, type TuneResult, tune } from "./hyper/tune.js";
export type {
  BilevelResult,
  HyperValue,
  ScheduleEntry,
  StudyResult,
  TangentReport,
  TestMetrics,
  WindowReport,
} from "./hyper/types.js";
export { array, coded, type HostArray, type TypedArray } from "./ir/array.js";
export type { Tensor } from "./ir/graph.js";
export * as nn from "./nn/index.js";
export * as ops from "./ops/index.js";
export * as optim from "./optim/index.js";
export {
  type DeviceInfo,
  type DeviceName,
  type DeviceOptions,
  devices,
} from "./runtime/device.js";
export type { Concrete, HostLeaf } from "./runtime/jit.js";
export {
  type GradOptions,
  grad,
  type HostOf,
  jit,
  jvp,
  type Transformed,
  valueAndGrad,
} from "./runtime/transforms.js";
export { loadParams, saveParams } from "./study/index.js";
export type {
  Comparison,
  Truth,
  Verification,
  VerifyOptions,
  VerifyProblem,
} from "./verify/types.js";
export { verify } from "./verify/verify.js";
