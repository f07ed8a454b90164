/** Every error of this package: coded, and saying what was expected, what came and what to do. */

export type ErrorCode =
  /** An option has the wrong type, an unknown name or an impossible value. */
  | "GLOCAL_BAD_OPTION"
  /** Shapes or dtypes that a primitive cannot combine. */
  | "GLOCAL_BAD_SHAPE"
  | "GLOCAL_BAD_DTYPE"
  /** A traced function did something that cannot be traced. */
  | "GLOCAL_TRACE"
  /** A function that cannot be differentiated, or a derivative that does not exist. */
  | "GLOCAL_DERIVATIVE"
  /** Two laned directions at once. */
  | "GLOCAL_LANES"
  /** A data file is missing, truncated or not of the format it should have. */
  | "GLOCAL_DATA_MISSING"
  | "GLOCAL_DATA_FORMAT"
  /** NaN or Inf in training. */
  | "GLOCAL_DIVERGED"
  /** A device cannot be used. */
  | "GLOCAL_DEVICE"
  /** Why CUDA cannot be used: no driver, one older than the libraries, no GPU, one too old or too new. */
  | "GLOCAL_CUDA_NO_DRIVER"
  | "GLOCAL_CUDA_OLD_DRIVER"
  | "GLOCAL_CUDA_NO_DEVICE"
  | "GLOCAL_CUDA_UNSUPPORTED_CHIP"
  /** A library of the CUDA toolkit is missing, or cuSOLVER has no eigenvalues of non-symmetric matrices. */
  | "GLOCAL_CUDA_NO_NVRTC"
  | "GLOCAL_CUDA_NO_CUBLAS"
  | "GLOCAL_CUDA_NO_CUSOLVER"
  | "GLOCAL_CUDA_OLD_CUSOLVER"
  /** Any other failure of CUDA, in its own words. */
  | "GLOCAL_CUDA"
  /** The host or the device has not enough memory. */
  | "GLOCAL_OUT_OF_MEMORY"
  /** The addon could not be loaded. */
  | "GLOCAL_ADDON"
  /** A linear-algebra routine failed or was given non-finite numbers. */
  | "GLOCAL_LINALG"
  /** A signal stopped the work. */
  | "GLOCAL_ABORTED";

export interface ErrorParts {
  /** What was expected, as the end of "Expected …". */
  expected: string;
  /** What came, as the end of "… but received …". */
  received: string;
  /** What to do about it: one sentence. */
  hint?: string;
  cause?: unknown;
  /** Where training stopped being finite, for GLOCAL_DIVERGED. */
  divergence?: { readonly step: number; readonly what: string };
}

export class GlocalError extends Error {
  override readonly name = "GlocalError";
  readonly code: ErrorCode;
  /** With GLOCAL_DIVERGED: the inner step, and what was not finite there. */
  readonly divergence: { readonly step: number; readonly what: string } | null;

  constructor(code: ErrorCode, parts: ErrorParts) {
    const hint = parts.hint ? ` ${parts.hint}` : "";
    super(
      `Expected ${parts.expected} but received ${parts.received}.${hint}`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    );
    this.code = code;
    this.divergence = parts.divergence ?? null;
  }
}
