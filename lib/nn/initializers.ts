/** How parameters start. */
import type { Tensor } from "../ir/graph.js";
import type { Shape } from "../ir/types.js";
import { full } from "../ops/constant.js";
import { mul, sub } from "../ops/elementwise.js";
import { normal as standardNormal, uniform } from "../ops/random.js";
import type { InitContext } from "./module.js";

/** Numbers of inputs and outputs that each unit is connected to. */
export interface Fan {
  readonly in: number;
  readonly out: number;
}

export type Initializer = (shape: Shape, fan: Fan, context: InitContext) => Tensor;

const symmetric = (shape: Shape, bound: number, { key, dtype }: InitContext) =>
  mul(sub(uniform(key, shape, { dtype }), 0.5), 2 * bound);

/** Every entry 0. */
export const zeros: Initializer = (shape, _, { dtype }) => full(shape, 0, dtype);

/** Every entry 1. */
export const ones: Initializer = (shape, _, { dtype }) => full(shape, 1, dtype);

/** U(−1/√fan_in, 1/√fan_in): the default of torch.nn.Linear and torch.nn.Conv2d. */
export const fanInUniform: Initializer = (shape, fan, context) =>
  symmetric(shape, 1 / Math.sqrt(fan.in), context);

/** U(−a, a) with a = √(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010). */
export const glorotUniform: Initializer = (shape, fan, context) =>
  symmetric(shape, Math.sqrt(6 / (fan.in + fan.out)), context);

/** N(0, 2 / fan_in) (He et al., 2015). */
export const heNormal: Initializer = (shape, fan, { key, dtype }) =>
  mul(standardNormal(key, shape, { dtype }), Math.sqrt(2 / fan.in));

/** N(0, deviation²). */
export function normal(deviation: number): Initializer {
  return (shape, _, { key, dtype }) => mul(standardNormal(key, shape, { dtype }), deviation);
}
