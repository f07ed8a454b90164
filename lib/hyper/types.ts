/** What a study reports, window by window: shared by `tune`, `bilevel`, the journal and the command line. */

/** One window of a study, as it is yielded and journaled. */
export interface WindowReport {
  /** Counts from 1. */
  readonly window: number;
  /** Inner steps done so far. */
  readonly step: number;
  /** Hyperparameter values (after their constraint) that this window was trained with, by dotted path, e.g. `lr`. */
  readonly hyper: Readonly<Record<string, HyperValue>>;
  /** Mean training loss over the window; null when the step reports none. */
  readonly train: { readonly loss: number | null };
  /** Criterion over the whole validation data at the window's end; null where the estimator does not need it and nothing asked for it. */
  readonly validation: { readonly loss: number | null };
  /** Estimated hypergradient with respect to the unconstrained hyperparameters; null for `none()`. */
  readonly hypergradient: Readonly<Record<string, HyperValue>> | null;
  /** Eigenvalues of the fitted operator as [re, im]; null when the estimator fits none. */
  readonly eigenvalues: readonly (readonly [number, number])[] | null;
  /** Why the estimator could not do what it is named for, and what it used instead; null when it could. */
  readonly fallback: string | null;
  /** Present in windows in which `evaluate` fell due. */
  readonly test?: { readonly loss: number; readonly accuracy: number };
  /** Wall-clock milliseconds of this window per inner step. */
  readonly msPerStep: number;
}

/** A scalar hyperparameter is a number, a larger one its entries in row-major order. */
export type HyperValue = number | readonly number[];
