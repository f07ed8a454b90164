/** Optimizers. */
export { type AdamOptions, adam } from "./adam.js";
export type { Hyperparameter, Setting } from "./hyperparameter.js";
export type { Optimizer, UpdateInput, UpdateOutput } from "./optimizer.js";
export { type SgdOptions, sgd } from "./sgd.js";
