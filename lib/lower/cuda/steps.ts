/** Steps that only CUDA has. */
import type { ComputeType, ConvStep, LanedRef, Ref, Window2d } from "../program.js";

/** Two operands of a convolution, as `ConvStep` has them. */
export interface ConvTerm<R = Ref> {
  readonly a: LanedRef<R>;
  readonly b: LanedRef<R>;
}

/** out = Σ over terms of conv(a, b), for each lane (+ out when `accumulate`). */
export interface ConvJob<R = Ref> {
  readonly images: number;
  readonly lanes: number;
  /** One or two. */
  readonly terms: readonly ConvTerm<R>[];
  readonly out: LanedRef<R>;
  readonly accumulate: boolean;
  /** Elements from one part of the sum to the next; 0 when there is one part only. */
  readonly splitStride: number;
}

/**
 * Convolutions of one kind and geometry in one launch; `window.n` is not used. With `splits` > 1
 * (filter gradients) each part of the sum over pixels is written by itself.
 */
export interface ConvGroupStep<R = Ref> {
  readonly op: "convGroup";
  readonly kind: ConvStep["op"];
  readonly dtype: ComputeType;
  readonly window: Window2d;
  /** One or two. */
  readonly jobs: readonly ConvJob<R>[];
  readonly splits: number;
}
