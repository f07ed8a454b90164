/** The problems of `glocal verify`: what each trains, and where it is looked at. */
import type { VerifyOptions } from "../types.js";

/** Of any state, hyperparameters and batches. */
// biome-ignore lint/suspicious/noExplicitAny: each problem has types of its own
export type AnyProblem = Pick<
  VerifyOptions<any, any, any>,
  "problem" | "starts" | "horizons" | "orders"
>;

export interface Named {
  readonly title: string;
  /** Every step sees all training data: the truth is exact. */
  readonly deterministic: boolean;
  /** @param quick few steps and orders, for tests */
  make(quick: boolean): Promise<AnyProblem>;
}
