/** Optimizers as pure functions of tensors: the same ones serve inner training and outer updates. */
import type { Tensor } from "../ir/graph.js";
import type { Setting } from "./hyperparameter.js";

export interface UpdateInput {
  readonly params: readonly Tensor[];
  readonly grads: readonly Tensor[];
  /** One list of buffers per entry of `buffers`, each like `params`. */
  readonly state: Readonly<Record<string, readonly Tensor[]>>;
  /** The settings in force, as scalars or numbers. */
  readonly hyper: Readonly<Record<string, Tensor | number>>;
  /** Steps done before this one: an int32 scalar. */
  readonly step: Tensor;
}

export interface UpdateOutput {
  readonly params: readonly Tensor[];
  readonly state: Readonly<Record<string, readonly Tensor[]>>;
}

export interface Optimizer {
  readonly name: string;
  /** Settings by name; each a number or learned. */
  readonly hyper: Readonly<Record<string, Setting>>;
  /** Names of the buffers that are kept per parameter; all start at zero. */
  readonly buffers: readonly string[];
  /** One step, traced. */
  update(input: UpdateInput): UpdateOutput;
}
