/** What a study reports, window by window: shared by `tune`, `bilevel`, the journal and the command line. */

/** A scalar hyperparameter is a number, a larger one its entries in row-major order. */
export type HyperValue = number | readonly number[];

export interface TestMetrics {
  /** Mean cross-entropy in nats (or of the loss that `tune` was given). */
  readonly loss: number;
  /** Share of examples whose largest logit is their label's. */
  readonly accuracy: number;
}

/** What became of a window's carried tangents. */
export interface TangentReport {
  /** γ, with which the tangents of the window before were multiplied; 0 where they began at zero. */
  readonly decay: number;
  /** Steps that the tangents at the window's end look back on, each counted with its weight; on average over hyperparameters. */
  readonly memory: number;
  /** Largest norm of one hyperparameter's tangents as the window began, before decay and clipping. */
  readonly norm: number;
  /** Hyperparameters whose tangents were shortened to `clip`. */
  readonly clipped: number;
  /** Hyperparameters whose tangents were not finite and began again at zero, as this window began, within it or, all of them, at its end. */
  readonly reset: number;
}

/** One window of a study, as it is yielded and journaled. */
export interface WindowReport<Test = TestMetrics> {
  /** Counts from 1. One that begins again after it was reported is reported again, and the later report counts. */
  readonly window: number;
  /** Inner steps done so far. */
  readonly step: number;
  /** Hyperparameter values (after their constraint) that this window was trained with, by dotted path, e.g. `lr`. */
  readonly hyper: Readonly<Record<string, HyperValue>>;
  /** Mean training loss over the window; null when the step reports none. */
  readonly train: { readonly loss: number | null };
  /**
   * Criterion at the window's end; null for `none()`, which does not need it. Over the whole validation
   * data, unless `subset` says over how many examples, drawn for this window.
   */
  readonly validation: { readonly loss: number | null; readonly subset?: number };
  /** Estimated hypergradient with respect to the unconstrained hyperparameters; null for `none()`, and where carried tangents were not finite, so that nothing was updated. */
  readonly hypergradient: Readonly<Record<string, HyperValue>> | null;
  /** Eigenvalues of the fitted operator as [re, im]; null when the estimator fits none. */
  readonly eigenvalues: readonly (readonly [number, number])[] | null;
  /** Why the estimator could not do what it is named for, and what it used instead; null when it could. */
  readonly fallback: string | null;
  /** What an estimator that chooses among methods took, and why; present where it says so. */
  readonly chosen?: string;
  readonly reason?: string;
  /** How far the estimator trusts its estimate, from 0 to 1; present where it says so. */
  readonly confidence?: number;
  /** Present where tangents are carried from window to window. */
  readonly tangents?: TangentReport;
  /** How often the window began again because training diverged in it or right after it; present where it did. */
  readonly rewinds?: number;
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
  /** Inner steps done; those of a window in which training diverged are not. */
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
  /** Windows in which carried tangents were clipped, and in which they were not finite and began again at zero. */
  readonly clips: number;
  readonly resets: number;
  /** How often a window began again because training diverged. */
  readonly rewinds: number;
  /** A signal, or leaving the loop, ended the study early. */
  readonly stopped: boolean;
  /** Where training stopped being finite, with `onDivergence: "record"`; the final state is then the one before that window. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly device: string;
  /** Why this device, where the choice was left open; null where it was asked for. */
  readonly deviceReason: string | null;
  readonly threads: number;
}

export interface BilevelResult<State> extends StudyResult<Readonly<Record<string, number>>> {
  /** Final training state, on the host. */
  readonly state: State;
}
