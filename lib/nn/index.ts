/** Layers, models, losses and initialisers. */
export { logSoftmax, softmax, softmaxCrossEntropy } from "../ops/normalize.js";
export type { Fan, Initializer } from "./initializers.js";
export * as initializers from "./initializers.js";
export {
  avgPool,
  type Conv2dOptions,
  conv2d,
  dropout,
  flatten,
  globalAvgPool,
  groupNorm,
  leakyRelu,
  linear,
  maxPool,
  relu,
  sequential,
  sigmoid,
  stateless,
  tanh,
  type WeightOptions,
} from "./layers.js";
export { lenet } from "./lenet.js";
export { countParams, type HostParams, type Model, model } from "./model.js";
export type { ApplyContext, InitContext, Module, Params } from "./module.js";
export { wideResnet } from "./wide-resnet.js";
