/** What a study reports, window by window: shared by `tune`, `bilevel`, the journal and the command line. */

/** A scalar hyperparameter is a number, a larger one its entries in row-major order. */
export type HyperValue = number | readonly number[];

export interface TestMetrics {
  /** Mean cross-entropy in nats (or of the loss that `tune` was given). */
  readonly loss: number;
  /** Share of examples whose largest logit is their label's. */
  readonly accuracy: number;
}

/** One window of a study, as it is yielded and journaled. */
export interface WindowReport<Test = TestMetrics> {
  /** Counts from 1. */
  readonly window: number;
  /** Inner steps done so far. */
  readonly step: number;
  /** Hyperparameter values (after their constraint) that this window was trained with, by dotted path, e.g. `lr`. */
  readonly hyper: Readonly<Record<string, HyperValue>>;
  /** Mean training loss over the window; null when the step reports none. */
  readonly train: { readonly loss: number | null };
  /** Criterion over the whole validation data at the window's end; null for `none()`, which does not need it. */
  readonly validation: { readonly loss: number | null };
  /** Estimated hypergradient with respect to the unconstrained hyperparameters; null for `none()`. */
  readonly hypergradient: Readonly<Record<string, HyperValue>> | null;
  /** Eigenvalues of the fitted operator as [re, im]; null when the estimator fits none. */
  readonly eigenvalues: readonly (readonly [number, number])[] | null;
  /** Why the estimator could not do what it is named for, and what it used instead; null when it could. */
  readonly fallback: string | null;
  /** Present in windows in which `evaluate` fell due. */
  readonly test?: Test;
  /** Wall-clock milliseconds of this window per inner step. */
  readonly msPerStep: number;
}

/** Hyperparameter values and the step from which they were in force. */
export interface ScheduleEntry {
  readonly step: number;
  readonly hyper: Readonly<Record<string, HyperValue>>;
}

/** What a study ends with, whether it ran to its end, was stopped, or diverged. */
export interface StudyResult<Test = TestMetrics> {
  /** Inner steps done. */
  readonly steps: number;
  /** Wall-clock milliseconds per inner step: windows, updates and evaluations over steps. */
  readonly msPerStep: number;
  /** Final hyperparameter values, after the last update. */
  readonly hyper: Readonly<Record<string, HyperValue>>;
  readonly schedule: readonly ScheduleEntry[];
  /** Criterion over the whole validation data for the final state. */
  readonly validation: { readonly loss: number };
  /** Metrics of the final state; null when nothing was to be evaluated. */
  readonly test: Test | null;
  readonly windows: number;
  /** Windows in which the estimator reported a fallback. */
  readonly fallbacks: number;
  /** A signal, or leaving the loop, ended the study early. */
  readonly stopped: boolean;
  /** Where training stopped being finite, with `onDivergence: "record"`. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly device: string;
  readonly threads: number;
}

export interface BilevelResult<State> extends StudyResult<Readonly<Record<string, number>>> {
  /** Final training state, on the host. */
  readonly state: State;
}
