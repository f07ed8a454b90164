/**
 * A lowered program: a flat list of kernel calls over one arena and a table of
 * slots. It is plain data, so it can be printed, compared and tested without
 * any device. `encode.ts` turns it into the numbers that `native/program.cc`
 * reads; the two files and this one are the whole contract between TypeScript
 * and C++.
 */
import type { ScalarOp } from "../ir/scalar.js";
import type { DType } from "../ir/types.js";

/** Bytes that every arena block is aligned to: one cache line, one AVX-512 register. */
export const ALIGNMENT = 64;

/** Where an operand starts. `offset` counts bytes. */
export type Ref =
  /** Scratch memory owned by the program. */
  | { readonly space: "arena"; readonly offset: number }
  /** Memory that the caller binds at each call. */
  | { readonly space: "slot"; readonly slot: number; readonly offset: number };

/**
 * Steps are generic in how they refer to memory, since they are built with
 * symbolic buffers (`buffer.ts`) and get their places only once all are known.
 */

/** An operand seen through strides (in elements, one for each dimension of the step that reads or writes it). */
export interface View<R = Ref> {
  readonly ref: R;
  readonly dtype: DType;
  readonly strides: readonly number[];
}

/** Memory that the caller binds. `bytes` is the least a bound buffer must hold from its bound offset. */
export interface Slot {
  readonly name: string;
  readonly dtype: DType;
  readonly bytes: number;
}

/**
 * One instruction of a fused expression. Registers are numbered in order:
 * first the loads, then one for each instruction, so the destination is implicit.
 * Comparisons and logic give 0 or 1 in the compute type.
 */
export type Instruction =
  | { readonly op: "constant"; readonly value: number }
  /** The index along dimension `dim` of the step's iteration space. */
  | { readonly op: "iota"; readonly dim: number }
  | { readonly op: ScalarOp; readonly args: readonly number[] };

/** The type that a fused expression computes in; loads and stores convert. */
export type ComputeType = "float32" | "float64";

export interface Expression<R = Ref> {
  readonly compute: ComputeType;
  /** The iteration space, row-major, already collapsed as far as the strides allow. */
  readonly dims: readonly number[];
  readonly loads: readonly View<R>[];
  readonly code: readonly Instruction[];
}

/** Evaluates an expression at every index and stores one or more registers. */
export interface MapStep<R = Ref> extends Expression<R> {
  readonly op: "map";
  readonly stores: readonly { readonly register: number; readonly view: View<R> }[];
}

/** Evaluates an expression and reduces a register over the last `reduced` dimensions; the output view has strides for the kept ones. */
export interface ReduceStep<R = Ref> extends Expression<R> {
  readonly op: "reduce";
  readonly kind: "sum" | "max" | "min";
  readonly reduced: number;
  readonly outputs: readonly { readonly register: number; readonly view: View<R> }[];
}

/** Index of the first maximum along the middle axis of a contiguous (outer, axis, inner) array; output int32 (outer, inner). */
export interface ArgmaxStep<R = Ref> {
  readonly op: "argmax";
  readonly dtype: DType;
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  readonly x: R;
  readonly y: R;
}

/** A dense operand with its strides (in elements) over the batch dimensions of a matmul. */
export interface BatchedRef<R = Ref> {
  readonly ref: R;
  readonly strides: readonly number[];
}

/** c[b] = op(a[b]) · op(b[b]) (+ c[b] when `accumulate`), row-major, over a batch of matrices. */
export interface MatmulStep<R = Ref> {
  readonly op: "matmul";
  readonly dtype: ComputeType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
  /** Leading dimensions (row strides as stored, in elements). */
  readonly lda: number;
  readonly ldb: number;
  readonly ldc: number;
  readonly accumulate: boolean;
  readonly batch: readonly number[];
  readonly a: BatchedRef<R>;
  readonly b: BatchedRef<R>;
  readonly c: BatchedRef<R>;
}

/** The geometry shared by convolution and pooling. Layout NHWC, kernels HWIO, zero padding, cross-correlation. */
export interface Window2d {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  /** Output channels (convolution); equals `c` for pooling. */
  readonly o: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly oh: number;
  readonly ow: number;
}

/** An operand of a laned kernel: `laneStride` elements from one lane to the next, 0 when all lanes share it. */
export interface LanedRef<R = Ref> {
  readonly ref: R;
  readonly laneStride: number;
}

/**
 * conv2d:           y[n,oh,ow,o] = Σ x[n,·,·,c] · w[kh,kw,c,o]      (a = x, b = w, out = y)
 * conv2dInputGrad:  x̄[n,h,w,c]  = Σ ȳ · w                           (a = ȳ, b = w, out = x̄)
 * conv2dFilterGrad: w̄[kh,kw,c,o] = Σ x · ȳ                          (a = x, b = ȳ, out = w̄)
 * Each for `lanes` lanes; with `accumulate` the result is added to out.
 */
export interface ConvStep<R = Ref> {
  readonly op: "conv2d" | "conv2dInputGrad" | "conv2dFilterGrad";
  readonly dtype: ComputeType;
  readonly window: Window2d;
  readonly lanes: number;
  readonly accumulate: boolean;
  readonly a: LanedRef<R>;
  readonly b: LanedRef<R>;
  readonly out: LanedRef<R>;
}

/**
 * avgPool:         y = mean of the window, divisor kh·kw, padding counted       (a = x)
 * avgPoolGrad:     x̄ = Σ over windows of ȳ / (kh·kw)                            (a = ȳ)
 * maxPool:         y = max of the window, padding excluded                      (a = x)
 * maxPoolGrad:     x̄ = ȳ at the first maximum of each window of x, summed       (a = x, b = ȳ)
 * maxPoolTangent:  ẏ = ẋ at the first maximum of each window of x               (a = x, b = ẋ)
 */
export interface PoolStep<R = Ref> {
  readonly op: "avgPool" | "avgPoolGrad" | "maxPool" | "maxPoolGrad" | "maxPoolTangent";
  readonly dtype: ComputeType;
  readonly window: Window2d;
  readonly lanes: number;
  readonly a: LanedRef<R>;
  /** Present for the two max-pool derivatives only. */
  readonly b?: LanedRef<R>;
  readonly out: LanedRef<R>;
}

/**
 * gather:     out[i, :] = table[index[i], :]                 (table has `rows` rows of `rowSize` elements)
 * scatterAdd: out[index[i], :] += table[i, :], from zero      (out has `rows` rows; table has `count` rows)
 * `index` is int32, shared by all lanes; an index outside [0, rows) reads zeros and writes nothing.
 */
export interface GatherStep<R = Ref> {
  readonly op: "gather" | "scatterAdd";
  readonly dtype: DType;
  readonly count: number;
  readonly rows: number;
  readonly rowSize: number;
  readonly lanes: number;
  readonly index: R;
  readonly table: LanedRef<R>;
  readonly out: LanedRef<R>;
}

/**
 * Philox-4x32-10 uniform numbers in [0, 1). Element i takes word i mod 4 of the block whose
 * counter is (⌊i/4⌋, site, 0, 0) and whose key is the two int32 words at `key`.
 * float32 uses the top 24 bits, float64 the top 32 of that word: both are (bits + 0) · 2^-24 or 2^-32.
 */
export interface RandomStep<R = Ref> {
  readonly op: "randomUniform";
  readonly dtype: ComputeType;
  readonly count: number;
  readonly site: number;
  readonly key: R;
  readonly out: R;
}

/** What a slot of a nested program is bound to, block by block and part by part. */
export interface BlockSlot<R = Ref> {
  readonly ref: R;
  /** A sum starts at zero in every part, and every block of the part adds to it. */
  readonly access: "read" | "write" | "sum";
  /** Bytes from one block's memory to the next one's; 0 when all share it. */
  readonly blockStride: number;
  /** Bytes from one part's memory to the next one's; 0 when all share it. */
  readonly partStride: number;
}

/**
 * Calls a program once for each block of the batch. Blocks are cut into `parts` of neighbours: the
 * blocks of a part run one after the other on one thread, parts side by side. The nested program has
 * no blocks of its own.
 */
export interface BlocksStep<R = Ref> {
  readonly op: "blocks";
  readonly blocks: number;
  readonly parts: number;
  readonly program: Program;
  /** One for each slot of the nested program. */
  readonly slots: readonly BlockSlot<R>[];
}

export type Step<R = Ref> =
  | MapStep<R>
  | ReduceStep<R>
  | ArgmaxStep<R>
  | MatmulStep<R>
  | ConvStep<R>
  | PoolStep<R>
  | GatherStep<R>
  | RandomStep<R>
  | BlocksStep<R>;

export interface Program {
  readonly name: string;
  readonly arenaBytes: number;
  readonly slots: readonly Slot[];
  readonly steps: readonly Step[];
}
