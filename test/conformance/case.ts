/** What a case of the conformance suite is. */
import type fc from "fast-check";
import type { Tensor } from "../../lib/ir/graph.js";
import type { DType, FloatDType, Shape } from "../../lib/ir/types.js";
import type { Random } from "./random.js";

/** Where an argument's numbers come from. */
export interface Values {
  /** "float" becomes the floating dtype that the case runs in. */
  readonly dtype: "float" | Exclude<DType, FloatDType>;
  /** Derivatives are taken by it. */
  readonly variable: boolean;
  draw(random: Random, size: number): number[];
}

export interface Argument {
  readonly shape: Shape;
  readonly values: Values;
}

/** One drawing of a case: its arguments, and what is computed from them. */
export interface Instance {
  readonly args: readonly Argument[];
  readonly seed: number;
  apply(xs: readonly Tensor[], dtype: FloatDType): Tensor;
}

/**
 * How far a device may be from the float64 reference, relative to the greatest
 * magnitude of an output (at least 1), in each dtype.
 */
export interface Tolerance extends Readonly<Record<FloatDType, number>> {
  readonly why: string;
}

export interface Case {
  readonly name: string;
  /** The primitives that it is about. */
  readonly covers: readonly string[];
  /** Whether the drawn points have derivatives: not ties, kinks or jumps. */
  readonly differentiable: boolean;
  readonly tolerance: Tolerance;
  readonly instances: fc.Arbitrary<Instance>;
}

export const EXACT: Tolerance = { float32: 0, float64: 0, why: "nothing rounds" };
export const ROUNDED: Tolerance = {
  float32: 2e-6,
  float64: 4e-15,
  why: "a few roundings of half a unit in the last place (6e-8, 1e-16), in a derivative up to a dozen in a row",
};
export const SUMMED: Tolerance = {
  float32: 1e-5,
  float64: 2e-14,
  why: "sums of up to some hundred products, each rounded, in another order than the reference's",
};
