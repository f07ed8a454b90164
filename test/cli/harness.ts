/** A command line without a process, and a study without training. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../lib/cli/cli.js";
import type { Io, Output } from "../../lib/cli/io.js";
import type { Library } from "../../lib/cli/library.js";
import type { TuneOptions, TuneResult } from "../../lib/hyper/tune.js";
import type { WindowReport } from "../../lib/hyper/types.js";
import { windowReport } from "../study/window-report.js";

export class FakeOutput implements Output {
  text = "";
  constructor(
    readonly isTTY = false,
    readonly columns = 100,
  ) {}

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

export class FakeIo implements Io {
  readonly cwd = mkdtempSync(join(tmpdir(), "glocal-cli-"));
  readonly env = { HOME: this.cwd };
  readonly stdout: FakeOutput;
  readonly stderr = new FakeOutput();
  private handler: (() => void) | null = null;

  constructor({ isTTY = false } = {}) {
    this.stdout = new FakeOutput(isTTY);
  }

  now(): Date {
    return new Date("2026-01-02T03:04:05Z");
  }

  onInterrupt(handler: () => void): () => void {
    this.handler = handler;
    return () => {
      this.handler = null;
    };
  }

  interrupt(): void {
    this.handler?.();
  }

  get listens(): boolean {
    return this.handler !== null;
  }
}

/** Runs a command line in `io`'s empty folder. */
export function run(line: string, io: FakeIo, library: Library): Promise<number> {
  return main(line.split(" ").filter(Boolean), io, async () => library);
}

export interface FakeStudy {
  /** Called before each window, counted from 1; what it throws ends the study. */
  readonly before?: (window: number) => void;
  /** Changes what a window reports. */
  readonly report?: (window: number) => Partial<WindowReport>;
  readonly result?: Partial<TuneResult>;
}

export type FakeLibrary = Library & { readonly asked: TuneOptions[] };

/**
 * A library whose `tune` reports windows of 50 steps without training; `asked`
 * holds what it was given. Models, optimizers and estimators are records of
 * how they were made.
 */
export function fakeLibrary(study: FakeStudy = {}): FakeLibrary {
  const asked: TuneOptions[] = [];
  const made =
    (kind: string) =>
    (options: unknown = {}) => ({ kind, options });
  const fake = {
    asked,
    tune(options: TuneOptions) {
      asked.push(options);
      return { result: pretend(options, study) };
    },
    nn: { lenet: made("lenet") },
    optim: { sgd: made("sgd"), adam: made("adam") },
    learn: { sigmoid: made("sigmoid") },
    none: made("none"),
    local: made("local"),
    last: made("last"),
    mean: (k: number, options: unknown) => ({ kind: "mean", k, options }),
    affine: made("affine"),
    global: made("global"),
    glocal: Object.assign(made("glocal"), { paper: made("paper") }),
    devices: () => [
      {
        name: "cpu",
        usable: true,
        reason: "2 processors",
        addon: "/somewhere/glocal.node",
        threads: 2,
        simdLevels: ["baseline", "avx2"],
        blas: "OpenBLAS 0.3",
      },
      { name: "cuda", usable: false, reason: "libcuda.so.1 was not found" },
    ],
  };
  return fake as unknown as FakeLibrary;
}

async function pretend(options: TuneOptions, study: FakeStudy): Promise<TuneResult> {
  const windows: WindowReport[] = [];
  while (50 * windows.length < options.steps && !options.signal?.aborted) {
    await new Promise(setImmediate);
    const window = windows.length + 1;
    study.before?.(window);
    const report = windowReport(window, study.report?.(window));
    windows.push(report);
    options.journal?.(report);
  }
  const last = windows.at(-1);
  return {
    steps: last?.step ?? 0,
    msPerStep: 10,
    hyper: last?.hyper ?? {},
    schedule: windows.map(({ step, hyper }) => ({ step: step - 50, hyper })),
    validation: { loss: last?.validation.loss ?? Number.NaN },
    test: { loss: 0.25, accuracy: 0.9375 },
    windows: windows.length,
    fallbacks: windows.filter(({ fallback }) => fallback !== null).length,
    clips: windows.filter(({ tangents }) => tangents && tangents.clipped > 0).length,
    rewinds: windows.reduce((sum, window) => sum + (window.rewinds ?? 0), 0),
    resets: windows.filter(({ tangents }) => tangents && tangents.reset > 0).length,
    params: { conv1: { bias: { data: Float32Array.of(1, 2), shape: [2] } } },
    stopped: options.signal?.aborted ?? false,
    diverged: null,
    device: "cpu",
    deviceReason: "no CUDA: libcuda.so.1 was not found",
    threads: 2,
    ...study.result,
  };
}
