/** What the choices about hypergradients cost a training step: LeNet on MNIST at the setting of the other benchmarks. */
import {
  type Dataset,
  datasets,
  glocal,
  learn,
  local,
  nn,
  optim,
  type TuneOptions,
  tune,
} from "../lib/index.js";
import { count } from "./arguments.js";
import { command, note } from "./command.js";
import { table } from "./markdown.js";
import { SETTING } from "./setting.js";

type Choice = Pick<TuneOptions, "hypergradient" | "mode" | "criterion">;

const CHOICES: Readonly<Record<string, Choice>> = {
  "local, reverse mode": { hypergradient: local(), mode: "reverse" },
  "local, forward mode": { hypergradient: local(), mode: "forward" },
  "local, tangents carried": { hypergradient: local({ tangents: "carry" }) },
  "local, carried to the horizon, clipped": {
    hypergradient: local({ tangents: { decay: "horizon", clip: 1 } }),
  },
  "the paper's rule": { hypergradient: glocal.paper() },
  "the paper's rule, tangents carried": { hypergradient: glocal.paper({ tangents: "carry" }) },
  "the paper's rule, 1,000 validation examples": {
    hypergradient: glocal.paper(),
    criterion: { batch: 1000 },
  },
  "the paper's rule, 300 validation examples": {
    hypergradient: glocal.paper(),
    criterion: { batch: 300 },
  },
  glocal: { hypergradient: glocal() },
  "glocal, 1,000 validation examples": { hypergradient: glocal(), criterion: { batch: 1000 } },
};

interface Options {
  readonly windows: number;
  readonly repeat: number;
  readonly threads?: number;
  readonly data?: string;
  readonly json?: boolean;
}

/** Processor milliseconds of all threads, which others on the machine lengthen less than those on the wall. */
async function costOf(data: Dataset, choice: Choice, { windows, threads }: Options) {
  const steps = SETTING.window * (windows + 1);
  const { momentum, weightDecay, validation, batch: batchSize } = SETTING;
  const study = tune({
    model: nn.lenet(),
    data,
    inner: optim.sgd({
      lr: learn.sigmoid(0.01),
      momentum: learn.sigmoid(momentum),
      weightDecay: learn.sigmoid(weightDecay),
    }),
    steps,
    batchSize,
    validation,
    device: "cpu",
    ...(threads === undefined ? {} : { threads }),
    ...choice,
  });
  let began: NodeJS.CpuUsage | undefined;
  let used = Number.NaN;
  for await (const { step } of study) {
    // The first window warms up.
    if (step === SETTING.window) began = process.cpuUsage();
    if (step === steps) {
      const { user, system } = process.cpuUsage(began);
      used = (user + system) / 1000 / (steps - SETTING.window);
    }
  }
  return used;
}

export const hypergradients = command(
  "hypergradients",
  "processor milliseconds per inner step, by what is chosen about hypergradients; prints only",
)
  .option("--windows <n>", "windows that are timed", count, 2)
  .option("--repeat <n>", "turns, of which the least counts", count, 2)
  .option("--data <dir>", "folder of MNIST's IDX files (default: the usual places)")
  .action(async (options: Options) => {
    const data = await datasets.mnist({ dir: options.data });
    const best = new Map<string, number>();
    for (let turn = 1; turn <= options.repeat; turn++)
      for (const [name, choice] of Object.entries(CHOICES)) {
        const ms = await costOf(data, choice, options);
        best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, ms));
        note(`${name}, turn ${turn}: ${ms.toFixed(1)} ms`);
      }
    const rows = [...best].map(([name, ms]) => [name, ms.toFixed(1)]);
    console.log(options.json ? JSON.stringify(Object.fromEntries(best)) : table(["", "ms"], rows));
  });
