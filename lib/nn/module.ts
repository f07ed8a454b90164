/** What a layer or model is: a pair of pure functions. */
import type { Tensor } from "../ir/graph.js";
import type { FloatDType } from "../ir/types.js";

/** Parameters by name: a tree of tensors. */
export interface Params {
  readonly [name: string]: Tensor | Params;
}

/** What a layer may depend on besides its parameters and its input. */
export interface ApplyContext {
  /** True in training, false in validation, testing and prediction. */
  readonly train: boolean;
  /** Two int32 words for random numbers (seed and step): every use in a trace draws different ones. */
  readonly key: Tensor;
}

export interface InitContext {
  /** Two int32 words for random numbers. */
  readonly key: Tensor;
  readonly dtype: FloatDType;
}

export interface Module {
  /** Initial parameters, traced. */
  init(context: InitContext): Params;
  /** The output for a batch of inputs, traced. */
  apply(params: Params, x: Tensor, context: ApplyContext): Tensor;
}
