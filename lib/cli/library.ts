/**
 * What the command line uses of the package's public face. It is loaded only
 * when a command needs it, so that help and usage errors are there at once,
 * and tests hand in their own.
 */

import type { Dataset } from "../data/index.js";
import type { HyperValue, WindowReport } from "../hyper/types.js";
import type { ScheduleEntry } from "../study/index.js";

export interface Library {
  tune(options: TuneOptions): Study;
  readonly nn: { lenet(): unknown };
  readonly optim: {
    sgd(options: { lr: unknown; momentum: unknown; weightDecay: unknown }): unknown;
    adam(options: { lr: number }): unknown;
  };
  readonly learn: { sigmoid(initial: number): unknown };
  none(options: { window: number }): unknown;
  local(options: { window: number }): unknown;
  global(options: { window: number }): unknown;
  glocal(options: { window: number; last: number; stacks: number }): unknown;
  devices(): readonly DeviceReport[];
}

export interface TuneOptions {
  readonly model: unknown;
  readonly data: Dataset;
  readonly inner: unknown;
  readonly outer: unknown;
  readonly hypergradient: unknown;
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly device: "auto" | "cpu" | "cuda";
  readonly threads?: number;
  readonly validation: number;
  readonly evaluate: { readonly every: number };
  readonly signal: AbortSignal;
  readonly onDivergence: "throw" | "record";
  readonly journal: (window: WindowReport) => void;
}

export interface Study {
  readonly result: Promise<StudyResult>;
}

export interface StudyResult {
  readonly steps: number;
  readonly msPerStep: number;
  readonly hyper: Readonly<Record<string, HyperValue>>;
  readonly schedule: readonly ScheduleEntry[];
  readonly validation: { readonly loss: number | null };
  readonly test: { readonly loss: number; readonly accuracy: number } | null;
  readonly windows: number;
  readonly fallbacks: number;
  readonly params: unknown;
  readonly stopped: boolean;
  readonly diverged: { readonly step: number; readonly what: string } | null;
  readonly device: string;
  readonly threads: number;
}

export interface DeviceReport {
  readonly name: string;
  readonly usable: boolean;
  /** Why it is or is not usable. */
  readonly reason: string;
  /** Path of the loaded addon. */
  readonly addon?: string;
  readonly threads?: number;
  /** SIMD levels that can be used, best last. */
  readonly simdLevels?: readonly string[];
  readonly blas?: string;
}

export async function loadLibrary(): Promise<Library> {
  return import("../index.js");
}
