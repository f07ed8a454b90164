/** What a run came to, as `result.json` and `--json` say it. */

import { GlocalError } from "../errors.js";
import type { TuneResult } from "../hyper/tune.js";
import type { HyperValue, ScheduleEntry, WindowReport } from "../hyper/types.js";
import type { RunOutcome } from "../study/index.js";
import type { RunSettings } from "./settings.js";

export interface RunResult {
  readonly recipe: string;
  readonly estimator: string;
  readonly seed: number;
  readonly device: string;
  /** Why this device, where the choice was left open. */
  readonly deviceReason: string | null;
  readonly threads: number | null;
  /** Inner steps done. */
  readonly steps: number;
  readonly msPerStep: number | null;
  /** Hyperparameters at the beginning and at the end. */
  readonly initial: Readonly<Record<string, HyperValue>>;
  readonly hyper: Readonly<Record<string, HyperValue>>;
  readonly validation: { readonly loss: number | null };
  readonly test: { readonly loss: number; readonly accuracy: number } | null;
  readonly windows: number;
  /** Windows in which the estimator could not do what it is named for; the journal says why. */
  readonly fallbacks: number;
  /** Windows in which carried tangents were clipped, and in which they were not finite and began again at zero. */
  readonly clips: number;
  readonly resets: number;
  /** How often a window began again because training diverged. */
  readonly rewinds: number;
  /** True when a signal ended the run before its last step. */
  readonly stopped: boolean;
  /** Where and how training left the finite numbers; null when it did not. */
  readonly diverged: { readonly step: number; readonly what: string } | null;
  /** What ended the run, when that was an error. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Absolute path of the run's folder. */
  readonly folder: string;
}

interface Context {
  readonly settings: RunSettings;
  readonly folder: string;
}

/** The outcome of a study that came to its end, or was stopped in order. */
export function completeOutcome(study: TuneResult, { settings, folder }: Context): Outcome {
  const result: RunResult = {
    ...named(settings),
    device: study.device,
    deviceReason: study.deviceReason,
    threads: study.threads,
    steps: study.steps,
    msPerStep: study.msPerStep,
    hyper: { ...initialHyper(settings), ...study.hyper },
    validation: study.validation,
    test: study.test,
    windows: study.windows,
    fallbacks: study.fallbacks,
    clips: study.clips,
    resets: study.resets,
    rewinds: study.rewinds,
    stopped: study.stopped,
    diverged: study.diverged,
    error: null,
    folder,
  };
  return { result, schedule: study.schedule, params: study.params };
}

/** The outcome of a study that an error ended: what its windows up to there say. */
export function brokenOutcome(
  error: unknown,
  reports: readonly WindowReport[],
  { settings, folder }: Context,
): Outcome {
  const windows = withoutReplaced(reports);
  const last = windows.at(-1);
  const steps = last?.step ?? 0;
  const code = error instanceof GlocalError ? error.code : "UNEXPECTED";
  const message = error instanceof Error ? error.message : String(error);
  const result: RunResult = {
    ...named(settings),
    device: settings.device,
    deviceReason: null,
    threads: settings.threads ?? null,
    steps,
    msPerStep: meanMsPerStep(windows),
    hyper: { ...initialHyper(settings), ...last?.hyper },
    validation: { loss: last?.validation.loss ?? null },
    test: windows.findLast((window) => window.test)?.test ?? null,
    windows: windows.length,
    fallbacks: windows.filter((window) => window.fallback !== null).length,
    clips: windows.filter(({ tangents }) => tangents && tangents.clipped > 0).length,
    resets: windows.filter(({ tangents }) => tangents && tangents.reset > 0).length,
    rewinds: windows.reduce((sum, window) => sum + (window.rewinds ?? 0), 0),
    stopped: code === "GLOCAL_ABORTED",
    diverged: error instanceof GlocalError ? error.divergence : null,
    error: { code, message },
    folder,
  };
  return { result, schedule: scheduleOf(windows) };
}

export interface Outcome extends RunOutcome {
  readonly result: RunResult;
}

function named(settings: RunSettings) {
  const { recipe, estimator, seed } = settings;
  return { recipe, estimator, seed, initial: initialHyper(settings) };
}

function initialHyper({ lr, momentum, weightDecay }: RunSettings): Record<string, HyperValue> {
  return { lr, momentum, weightDecay };
}

/** A window that began again is reported again: what was reported of it, and of those after it, is replaced. */
function withoutReplaced(windows: readonly WindowReport[]): readonly WindowReport[] {
  return windows.filter(
    ({ window }, i) => !windows.slice(i + 1).some((later) => later.window <= window),
  );
}

/** A window's hyperparameters held from the end of the window before. */
function scheduleOf(windows: readonly WindowReport[]): ScheduleEntry[] {
  return windows.map(({ hyper }, i) => ({ step: windows[i - 1]?.step ?? 0, hyper }));
}

function meanMsPerStep(windows: readonly WindowReport[]): number | null {
  const last = windows.at(-1);
  if (last === undefined) return null;
  const total = windows.reduce(
    (sum, { step, msPerStep }, i) => sum + (step - (windows[i - 1]?.step ?? 0)) * msPerStep,
    0,
  );
  return total / last.step;
}
