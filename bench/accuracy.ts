/** `bench accuracy`: test accuracy of LeNet on Fashion-MNIST after training with no, local and glocal tuning. */
import { join } from "node:path";
import { type Dataset, datasets, tune } from "../lib/index.js";
import { ResultCache } from "./cache.js";
import { describeMachine, type Machine, machineLine } from "./machine.js";
import { table } from "./markdown.js";
import { BENCH_FOLDER } from "./results-file.js";
import { METHODS, type Method, SETTING, tuneOptions } from "./setting.js";
import { mean } from "./statistics.js";

export interface AccuracyOptions {
  readonly steps: number;
  readonly lr: readonly number[];
  readonly seeds: readonly number[];
  readonly estimators: readonly Method[];
  /** Trains again what is in the cache. */
  readonly fresh: boolean;
  readonly threads?: number;
  readonly data?: string;
}

/** Everything that decides the outcome: the key of the cache. */
interface Config extends Readonly<Record<string, unknown>> {
  readonly method: Method;
  readonly lr: number;
  readonly seed: number;
  readonly steps: number;
}

interface Outcome {
  readonly accuracy: number;
  readonly loss: number;
  readonly windows: number;
  /** Windows in which no eigenvalue was close enough to 1; null where none is looked for. */
  readonly nothingKept: number | null;
  /** Windows in which the estimator fell back for any reason. */
  readonly fallbacks: number;
  readonly hyper: unknown;
  readonly diverged: unknown;
  readonly seconds: number;
  readonly threads: number;
  readonly machine: Machine;
}

export type AccuracyRow = Config & Outcome;

const CACHE_FILE = join(BENCH_FOLDER, "results", "accuracy.jsonl");

async function train(
  data: Dataset,
  { method, lr, seed, steps }: Config,
  threads: number | undefined,
): Promise<Outcome> {
  const machine = describeMachine();
  const started = performance.now();
  const study = tune({
    ...tuneOptions({ data, method, lr, steps, seed, threads }),
    onDivergence: "record",
  });
  let nothingKept = 0;
  for await (const { eigenvalues, fallback } of study)
    if (eigenvalues && eigenvalues.length > 0 && fallback) nothingKept++;
  const result = await study.result;
  return {
    accuracy: result.test?.accuracy ?? Number.NaN,
    loss: result.test?.loss ?? Number.NaN,
    windows: result.windows,
    nothingKept: method === "glocal" ? nothingKept : null,
    fallbacks: result.fallbacks,
    hyper: result.hyper,
    diverged: result.diverged,
    seconds: (performance.now() - started) / 1e3,
    threads: result.threads,
    machine,
  };
}

/** Trains what the cache does not have yet; stopped half-way, it goes on where it was. */
export async function runAccuracy(
  options: AccuracyOptions,
  note: (text: string) => void,
): Promise<AccuracyRow[]> {
  const { steps, lr: rates, seeds, estimators, fresh, threads } = options;
  const cache = new ResultCache<Config, Outcome>(CACHE_FILE);
  const configs = rates.flatMap((lr) =>
    estimators.flatMap((method) =>
      seeds.map((seed): Config => ({ ...SETTING, method, lr, seed, steps })),
    ),
  );
  let data: Dataset | undefined;
  const rows: AccuracyRow[] = [];
  for (const config of configs) {
    const name = `lr ${config.lr}, ${config.method}, seed ${config.seed}`;
    let outcome = fresh ? undefined : cache.get(config);
    if (!outcome) {
      data ??= await datasets.fashionMnist({ dir: options.data });
      outcome = await train(data, config, threads);
      cache.add(config, outcome);
      note(`${name}: ${outcome.accuracy.toFixed(4)} after ${outcome.seconds.toFixed(0)} s`);
    } else note(`${name}: ${outcome.accuracy.toFixed(4)}, from an earlier run`);
    rows.push({ ...config, ...outcome });
  }
  return rows;
}

/** The section of RESULTS.md. */
export function accuracyReport(options: AccuracyOptions, rows: readonly AccuracyRow[]): string {
  const { steps, lr: rates, seeds, estimators } = options;
  const groups = rates.flatMap((lr) =>
    METHODS.filter((m) => estimators.includes(m)).map((method) => ({
      lr,
      method,
      runs: rows.filter((row) => row.lr === lr && row.method === method),
    })),
  );
  const accuracies = table(
    ["initial lr, method", "mean", ...seeds.map((s) => `seed ${s}`), "nothing kept", "seconds"],
    groups.map(({ lr, method, runs }) => [
      `${lr}, ${method}`,
      mean(runs.map((r) => r.accuracy)).toFixed(4),
      ...runs.map((r) => r.accuracy.toFixed(4) + (r.diverged ? " (diverged)" : "")),
      method === "glocal" ? runs.map((r) => r.nothingKept).join(", ") : "–",
      mean(runs.map((r) => r.seconds)).toFixed(0),
    ]),
  );
  const { batch, validation, momentum, weightDecay, window, last, stacks } = SETTING;
  const machines = [...new Set(rows.map((r) => machineLine(r.machine, [`${r.threads} threads`])))];
  const windows = rows[0]?.windows ?? 0;
  return `## Test accuracy on Fashion-MNIST

\`npm run bench -- accuracy --steps ${steps} --lr ${rates} --seeds ${seeds} --estimators ${estimators}\`

LeNet after ${steps} steps, batches of ${batch}, ${validation} validation images; momentum starts at ${momentum}, weight
decay at ${weightDecay.toExponential()}, learned with the learning rate through the logistic sigmoid; Adam with rate ${SETTING.outerRate} after
every ${window} steps. Glocal fits ${last} hypergradients in ${stacks} stacks, tolerance ${SETTING.tolerance}, rcond ${SETTING.rcond.toExponential()}. *Nothing kept* counts, of
${windows} windows for each seed, those in which no eigenvalue was within the tolerance of 1, so that
the last local hypergradient was used. Seconds are the mean of one training, set-up included.

${accuracies}

Trained on:

${machines.map((line) => `* ${line}`).join("\n")}`;
}
