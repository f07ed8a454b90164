/**
 * The addon's surface, typed in one place. Nothing outside `lib/native`
 * touches it; nothing in it knows what a graph is.
 */
import type { ErrorCode } from "../errors.js";

/** Device memory. Freed when collected, or at once by `dispose`. */
export interface NativeBuffer {
  readonly bytes: number;
  /** Copies the whole of `source` to `byteOffset`. */
  write(source: ArrayBufferView, byteOffset: number): void;
  /** Fills the whole of `target` from `byteOffset`. */
  read(target: ArrayBufferView, byteOffset: number): void;
  dispose(): void;
}

/** A decoded program with its arena. Arenas are shared by the programs of one device, since calls run one after the other. */
export interface NativeProgram {
  readonly arenaBytes: number;
  dispose(): void;
}

/** A kernel that a program launches on CUDA. */
export interface NativeKernelName {
  readonly name: string;
  /** Which of the program's modules defines it; null for a fixed kernel. */
  readonly module: number | null;
}

/** What a program for CUDA has besides its launches: see lib/lower/cuda/launches.ts. */
export interface NativeProgramText {
  readonly modules?: readonly string[];
  readonly kernels?: readonly NativeKernelName[];
}

/** A decoded job. What a device needs to run it again, such as graphs, stays with it. */
export interface NativeJob {
  /** Runs on the calling thread. */
  runSync(): void;
  /**
   * Runs on a thread of the device, after the jobs started before. `control[0] !== 0` stops it
   * between two commands; `control[1]` tells meanwhile how many are done.
   *
   * @returns the number of commands that ran
   */
  run(control: Int32Array): Promise<number>;
  dispose(): void;
}

export interface NativeDevice {
  /** Of the host, that work for this device; the caller's counts. */
  readonly threads: number;
  /** A level of kernels, "baseline" | "avx2" | "avx512", or a chip, "sm_90". */
  readonly level: string;
  readonly description: string;
  /** Memory for all buffers and programs. */
  readonly memoryBytes: number;
  /** Zero-filled. */
  allocate(bytes: number): NativeBuffer;
  /**
   * Copies rows of `rowBytes` bytes of `table`, in the order of `index`, to `byteOffset` of a
   * buffer. With `values`, 256 of 4 or 8 bytes, each byte of the table is written as the value it
   * stands for. On the calling thread and the device's, after a job that is running.
   */
  writeRows(
    target: NativeBuffer,
    byteOffset: number,
    table: ArrayBufferView,
    rowBytes: number,
    index: Int32Array,
    values: ArrayBufferView | null,
  ): void;
  /**
   * `poison` fills the arena with NaN before each call, to find reads of memory that was never
   * written.
   */
  compile(
    code: Float64Array,
    options: { readonly poison: boolean } & NativeProgramText,
  ): NativeProgram;
  /** Decodes a job (see `job.ts`), which keeps its programs and buffers alive. */
  prepare(job: Float64Array, programs: NativeProgram[], buffers: NativeBuffer[]): NativeJob;
  /** Linear algebra on the device; null on the CPU. Made when it is first asked for. */
  readonly linalg: NativeDeviceLinalg | null;
  dispose(): void;
}

/** A matrix in device memory, which is used again once this is collected or, at once, by `dispose`. */
export interface NativeMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly complex: boolean;
  dispose(): void;
}

/**
 * Float64 linear algebra on a CUDA device, column-major, by a stream of its own. Calls return when the
 * device is done. Errors have a code: GLOCAL_LINALG where a routine fails or numbers overflow.
 */
export interface NativeDeviceLinalg {
  upload(data: Float64Array, rows: number, columns: number, complex: boolean): NativeMatrix;
  download(a: NativeMatrix): Float64Array;
  /** The first `rows` rows of the columns `from` to `to`; shares memory with A. */
  slice(a: NativeMatrix, rows: number, from: number, to: number): NativeMatrix;
  pickColumns(a: NativeMatrix, order: Int32Array): NativeMatrix;
  /** Column j: the columns j, …, j + stacks − 1 of A, one below the other. */
  stackColumns(a: NativeMatrix, stacks: number): NativeMatrix;
  realPart(a: NativeMatrix): NativeMatrix;
  divideColumns(a: NativeMatrix, divisors: Float64Array): NativeMatrix;
  /** op(A) · B by cuBLAS; op(A) is Aᴴ when `adjoint`. Complex if either is. */
  multiply(a: NativeMatrix, b: NativeMatrix, adjoint: boolean): NativeMatrix;
  /** Thin QR by Xgeqrf and Dorgqr. */
  qr(a: NativeMatrix): { basis: NativeMatrix; coordinates: NativeMatrix };
  /** Thin SVD by Xgesvd. */
  svd(a: NativeMatrix): {
    left: NativeMatrix;
    singularValues: Float64Array;
    right: NativeMatrix;
  };
  /** Right eigenvectors by Xgeev. */
  eigen(a: NativeMatrix): { values: Float64Array; vectors: NativeMatrix };
  /** Complex minimum-norm least squares by Xgesvd; singular values up to cutoff·σ₁ count as zero. */
  leastSquares(a: NativeMatrix, b: NativeMatrix, cutoff: number): NativeMatrix;
  /** Milliseconds between CUDA events around the calls of cuSOLVER so far, by routine. */
  readonly solverMs: Readonly<Record<string, number>>;
}

/** Column-major matrices throughout, as LAPACK has them. Complex arrays interleave real and imaginary parts. */
export interface NativeLinalg {
  /** op(A) · B by dgemm: m×n, k terms in each sum; A is m×k, or k×m and transposed. */
  multiply(
    a: Float64Array,
    b: Float64Array,
    m: number,
    k: number,
    n: number,
    transposed: boolean,
  ): Float64Array;
  /** Thin SVD by dgesvd or zgesvd: A (m×n) = U · diag(s) · Vᴴ; u is m×k, vt is k×n, k = min(m, n). */
  svd(
    a: Float64Array,
    m: number,
    n: number,
    complex?: boolean,
  ): { u: Float64Array; s: Float64Array; vt: Float64Array };
  /** Thin QR by dgeqrf and dorgqr, or zgeqrf and zungqr: A (m×n) = Q · R; q is m×k, r is k×n, k = min(m, n). */
  qr(
    a: Float64Array,
    m: number,
    n: number,
    complex?: boolean,
  ): { q: Float64Array; r: Float64Array };
  /** Right eigenvectors of an n×n matrix by dgeev or zgeev; eigenvalues and vectors (n×n) are complex. */
  eig(
    a: Float64Array,
    n: number,
    complex?: boolean,
  ): { values: Float64Array; vectors: Float64Array };
  /** Complex Schur form by zgees: A (n×n) = Z · T · Zᴴ, T upper triangular, Z unitary. */
  schur(a: Float64Array, n: number): { t: Float64Array; z: Float64Array };
  /** By ztrexc: the diagonal entries at order[0], order[1], … come to the top, in that order. */
  reorderSchur(
    t: Float64Array,
    z: Float64Array,
    n: number,
    order: Int32Array,
  ): { t: Float64Array; z: Float64Array };
  /** By ztrsyl: the complex X (m×n) with A·X − X·B = C, A and B upper triangular. */
  sylvester(a: Float64Array, m: number, b: Float64Array, n: number, c: Float64Array): Float64Array;
  /** Complex minimum-norm least squares by zgelsd: A (m×n) X = B (m×sides, default 1); singular values below rcond·σ₁ count as zero. */
  lstsqComplex(
    a: Float64Array,
    m: number,
    n: number,
    b: Float64Array,
    rcond: number,
    sides?: number,
  ): Float64Array;
}

/** Paths or bare names of NVIDIA's libraries, tried in order. `cuda-libraries.ts` finds them. */
export interface CudaLibraries {
  readonly driver: readonly string[];
  readonly nvrtc: readonly string[];
  readonly nvjitlink: readonly string[];
  readonly cublasLt: readonly string[];
  readonly cublas: readonly string[];
  readonly cusparse: readonly string[];
  readonly cusolver: readonly string[];
}

export interface CudaOptions {
  readonly libraries: CudaLibraries;
  /** Keeps compiled kernels from one process to the next; "" for nowhere. */
  readonly cacheFolder: string;
  /** Which GPU, in the driver's order, from 0. */
  readonly ordinal: number;
}

/** What a process finds of CUDA. */
export interface NativeCudaProbe {
  readonly usable: boolean;
  readonly code: ErrorCode | null;
  /** Why it is not usable: a whole sentence, or "". */
  readonly reason: string;
  readonly devices: readonly {
    readonly name: string;
    /** E.g. "9.0". */
    readonly computeCapability: string;
    readonly memoryBytes: number;
  }[];
  /** The newest CUDA that the driver is for, 1000 · major + 10 · minor; 0 if unknown. */
  readonly driverVersion: number;
  /** Where each library that was opened lies. */
  readonly libraries: Readonly<Record<string, string>>;
}

export interface Addon {
  readonly encodingVersion: number;
  readonly version: string;
  /** What OpenBLAS says of itself, e.g. "OpenBLAS 0.3.21 SkylakeX". */
  readonly blas: string;
  /** SIMD levels that this build holds and this machine can run, best last. */
  readonly simdLevels: string[];
  /** Processors that this process may use. */
  readonly cpus: number;
  createCpuDevice(options: { threads: number; simd?: string }): NativeDevice;
  /** Throws an error with a code that says why the GPU cannot be used. Libraries stay open once they are. */
  createCudaDevice(options: CudaOptions): NativeDevice;
  /** Opens all libraries and initialises the driver, which a broken one may not survive: see `cuda-probe.ts`. */
  probeCuda(options: CudaOptions): NativeCudaProbe;
  /** Throws GLOCAL_CUDA_NO_DRIVER unless there is a driver library; initialises nothing. */
  findCudaDriver(options: CudaOptions): void;
  readonly linalg: NativeLinalg;
}
