/**
 * A program lowered once more, for CUDA: the text of its generated kernels and a flat list of
 * launches. Plain data like the program itself: printed, compared and compiled without a GPU.
 * `encode.ts` turns it into the numbers that `native/cuda/launches.cc` reads.
 */
import type { ComputeType, Ref, Slot } from "../program.js";

/** Three sizes, the first changes fastest. */
export type Size3 = readonly [x: number, y: number, z: number];

/** Every parameter of a kernel takes 8 bytes: a pointer, or an integer (`long long`). */
export type Argument = Ref | number;

export interface KernelName {
  readonly name: string;
  /** Which of the program's modules defines it; null for a fixed kernel of `native/cuda/kernels`. */
  readonly module: number | null;
}

export interface KernelLaunch {
  readonly op: "kernel";
  /** Index into `kernels`. */
  readonly kernel: number;
  /** Blocks. */
  readonly grid: Size3;
  /** Threads of a block. */
  readonly block: Size3;
  readonly args: readonly Argument[];
}

/**
 * c[i] = op(a[i]) · op(b[i]) (+ c[i] when `accumulate`) for `count` row-major matrices, done by
 * cuBLAS. Strides are elements from one matrix to the next.
 */
export interface ProductLaunch {
  readonly op: "product";
  readonly dtype: ComputeType;
  /** Multiplies float32 in TF32: 10 bits of mantissa. */
  readonly tf32: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly lda: number;
  readonly ldb: number;
  readonly ldc: number;
  readonly accumulate: boolean;
  readonly count: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
  readonly a: Ref;
  readonly b: Ref;
  readonly c: Ref;
}

/** Fills memory with zero bytes. */
export interface ZeroLaunch {
  readonly op: "zero";
  readonly at: Ref;
  readonly bytes: number;
}

export type Launch = KernelLaunch | ProductLaunch | ZeroLaunch;

export interface CudaProgram {
  readonly name: string;
  readonly arenaBytes: number;
  readonly slots: readonly Slot[];
  /** CUDA C++ of the generated kernels, in pieces that are compiled side by side. */
  readonly modules: readonly string[];
  readonly kernels: readonly KernelName[];
  readonly launches: readonly Launch[];
}
