/** What the addon throws with a code of ours becomes a GlocalError. */
import { type ErrorCode, GlocalError } from "../errors.js";

interface CodedError extends Error {
  readonly code: ErrorCode;
  readonly expected: string;
  readonly received: string;
  readonly hint: string;
}

const isCoded = (error: unknown): error is CodedError =>
  error instanceof Error && "expected" in error && "received" in error && "hint" in error;

/** A GlocalError for an error of the addon that carries a code; any other as it is. */
export function fromNative(error: unknown): unknown {
  if (!isCoded(error)) return error;
  const { code, expected, received, hint } = error;
  return new GlocalError(code, { expected, received, ...(hint && { hint }), cause: error });
}

/** Runs something that calls the addon. */
export function callNative<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromNative(error);
  }
}
