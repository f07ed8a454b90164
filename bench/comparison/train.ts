/** One training of the comparison, and where its outcome is kept. */
import { join } from "node:path";
import { type Dataset, learn, nn, optim, tune } from "../../lib/index.js";
import { ResultCache } from "../cache.js";
import { describeMachine, type Machine } from "../machine.js";
import { BENCH_FOLDER } from "../results-file.js";
import { type MethodName, optionsOf } from "./methods.js";

/** What all trainings have in common. With momentum 0.9 a rate of 0.5 is NaN within the first window, whatever tunes it. */
export const SETTING = {
  data: "fashion-mnist",
  model: "lenet",
  batch: 128,
  validation: 6_000,
  window: 50,
  momentum: 0.1,
  weightDecay: 1e-4,
} as const;

/** Everything that decides the outcome: the key of the cache. */
export interface Config {
  readonly method: MethodName;
  readonly outerRate: number;
  readonly lr: number;
  readonly seed: number;
  readonly steps: number;
}

export interface Outcome {
  readonly accuracy: number;
  readonly testLoss: number;
  readonly validationLoss: number;
  readonly windows: number;
  readonly fallbacks: number;
  readonly clips: number;
  readonly resets: number;
  /** Times that training went back behind a divergence. Rows from before it could have none: 0. */
  readonly rewinds?: number;
  readonly diverged: unknown;
  /** What an estimator that chooses took, and in how many windows. */
  readonly chosen: Readonly<Record<string, number>>;
  /** Learning rate, momentum and weight decay of each window. */
  readonly schedule: readonly (readonly number[])[];
  readonly seconds: number;
  /** Of all threads: others on the machine lengthen it less than the seconds on the wall. */
  readonly processorSeconds: number;
  readonly threads: number;
  readonly machine: Machine;
}

export const outcomes = () =>
  new ResultCache<Config & typeof SETTING, Outcome>(
    join(BENCH_FOLDER, "results", "comparison.jsonl"),
  );

const rounded = (value: unknown) => Number((value as number).toPrecision(4));

export async function train(
  data: Dataset,
  { method, outerRate, lr, seed, steps }: Config,
  threads: number | undefined,
): Promise<Outcome> {
  const machine = describeMachine();
  const [started, used] = [performance.now(), process.cpuUsage()];
  const model = nn.lenet();
  const setting = (value: number) => (method === "none" ? value : learn.sigmoid(value));
  const study = tune({
    model,
    params: model.initialize(seed, "float32"),
    data,
    inner: optim.sgd({
      lr: setting(lr),
      momentum: setting(SETTING.momentum),
      weightDecay: setting(SETTING.weightDecay),
    }),
    outer: optim.adam({ lr: outerRate }),
    ...optionsOf(method),
    validation: SETTING.validation,
    batchSize: SETTING.batch,
    steps,
    seed,
    onDivergence: "record",
    ...(threads === undefined ? {} : { threads }),
  });
  // Of a window that began again, what it took at last.
  const taken = new Map<number, string>();
  for await (const { window, chosen } of study) if (chosen) taken.set(window, chosen);
  const result = await study.result;
  const { user, system } = process.cpuUsage(used);
  const chosen: Record<string, number> = {};
  for (const name of taken.values()) chosen[name] = (chosen[name] ?? 0) + 1;
  return {
    accuracy: result.test?.accuracy ?? Number.NaN,
    testLoss: result.test?.loss ?? Number.NaN,
    validationLoss: result.validation.loss,
    windows: result.windows,
    fallbacks: result.fallbacks,
    clips: result.clips,
    resets: result.resets,
    rewinds: result.rewinds,
    diverged: result.diverged,
    chosen,
    schedule: result.schedule.map(({ hyper }) => Object.values(hyper).map(rounded)),
    seconds: (performance.now() - started) / 1e3,
    processorSeconds: (user + system) / 1e6,
    threads: result.threads,
    machine,
  };
}
