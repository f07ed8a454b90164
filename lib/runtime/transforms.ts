/** The public transforms: the same names inside a trace and on plain arrays. */
import type { Tensor } from "../ir/graph.js";
import { type TreeFunction, tracedJvp, tracedValueAndGrad } from "../transform/grad.js";
import type { DeviceOptions } from "./device.js";
import { type Concrete, compileFunction, type HostLeaf } from "./jit.js";

/**
 * Called with host values it gives host arrays; called with tensors it gives tensors.
 * TypeScript infers from the last signature, so transforms of transforms see tensors.
 */
export interface Transformed<Args extends readonly unknown[], Result> {
  (...args: { [K in keyof Args]: HostOf<Args[K]> }): Concrete<Result>;
  (...args: Args): Result;
}

/** The host values that may stand for a tree of tensors. */
export type HostOf<T> = T extends Tensor
  ? HostLeaf
  : T extends readonly unknown[]
    ? { readonly [K in keyof T]: HostOf<T[K]> }
    : T extends object
      ? { readonly [K in keyof T]: HostOf<T[K]> }
      : T;

export interface GradOptions extends DeviceOptions {
  /** Which argument to differentiate by. Default 0. */
  readonly argnum?: number;
}

/**
 * Compiles a pure function of trees of tensors for a device (default "auto").
 *
 * ```ts
 * const norm = jit((x: Tensor) => ops.sqrt(ops.sum(ops.square(x))));
 * norm(new Float32Array([3, 4])).data[0]; // 5
 * ```
 */
export function jit<Args extends readonly unknown[], Result>(
  f: (...args: Args) => Result,
  options: DeviceOptions = {},
): Transformed<Args, Result> {
  return compileFunction(f as TreeFunction, options) as Transformed<Args, Result>;
}

/**
 * The gradient of a scalar function with respect to one argument, a tree like it.
 *
 * @throws GLOCAL_DERIVATIVE when the result is not one floating scalar, or the argument is not floating
 */
export function grad<Args extends readonly unknown[]>(
  f: (...args: Args) => Tensor,
  options: GradOptions = {},
): Transformed<Args, Args[0]> {
  const { argnum = 0, ...device } = options;
  const traced = (...args: Args) =>
    tracedValueAndGrad(f as TreeFunction, args, argnum)[1] as Args[0];
  return jit(traced, device);
}

/** The value of a scalar function and its gradient: `[value, gradient]`. */
export function valueAndGrad<Args extends readonly unknown[]>(
  f: (...args: Args) => Tensor,
  options: GradOptions = {},
): Transformed<Args, readonly [Tensor, Args[0]]> {
  const { argnum = 0, ...device } = options;
  const traced = (...args: Args) =>
    tracedValueAndGrad(f as TreeFunction, args, argnum) as readonly [Tensor, Args[0]];
  return jit(traced, device);
}

/**
 * The directional derivative: `jvp(f)(primals, tangents)` gives
 * `[f(...primals), its derivative along tangents]`.
 *
 * @throws GLOCAL_BAD_SHAPE when the tangents are not like the primals
 */
export function jvp<Args extends readonly unknown[], Result>(
  f: (...args: Args) => Result,
  options: DeviceOptions = {},
): Transformed<[primals: Args, tangents: Args], readonly [Result, Result]> {
  const traced = (primals: Args, tangents: Args) =>
    tracedJvp(f as TreeFunction, primals, tangents) as unknown as readonly [Result, Result];
  return jit(traced, options);
}
