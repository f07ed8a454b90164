/** Every operation that a traced function may use. */
export {
  broadcastTo,
  type Operand,
  type ReduceOptions,
  sum,
} from "./broadcast.js";
export { cast, full, iota, literal, ones, stopGradient, zeros } from "./constant.js";
export { conv2d } from "./conv.js";
export {
  abs,
  add,
  and,
  cos,
  div,
  eq,
  exp,
  expm1,
  floor,
  ge,
  gt,
  le,
  log,
  log1p,
  logistic,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  neg,
  not,
  or,
  pow,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from "./elementwise.js";
export { gather, scatterAdd } from "./index-rows.js";
export { matmul } from "./matmul.js";
export { logSoftmax, softmax, softmaxCrossEntropy, standardize } from "./normalize.js";
export { avgPool, maxPool, type PoolOptions } from "./pool.js";
export { bernoulli, normal, type RandomOptions, uniform } from "./random.js";
export { argmax, max, mean, min, oneHot } from "./reduce.js";
export { concat, pad, reshape, slice, transpose } from "./shape.js";
export type { WindowOptions } from "./window.js";
