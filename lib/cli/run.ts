/** `glocal run`: one recipe from data to a folder of results. */

import { resolve } from "node:path";
import { checkBatchSize, type Dataset, validationCount } from "../data/index.js";
import { GlocalError } from "../errors.js";
import type { TuneOptions } from "../hyper/tune.js";
import type { WindowReport } from "../hyper/types.js";
import { createRunFolder, freeRunPath, requireFreeFolder } from "../study/index.js";
import { toJson } from "../study/json.js";
import { runConfig } from "./config.js";
import { ESTIMATORS } from "./estimators.js";
import type { Io } from "./io.js";
import type { Library } from "./library.js";
import { startProgress } from "./progress.js";
import { RECIPES, type Recipe } from "./recipes.js";
import { formatReport } from "./report.js";
import { brokenOutcome, completeOutcome, type Outcome } from "./result.js";
import type { RunSettings } from "./settings.js";

/** Exit code of a run that a signal stopped, as shells have it. */
const STOPPED = 130;

/**
 * Runs a recipe and returns the exit code. Nothing is on disk before the data
 * have been read and found to fit the settings.
 */
export async function runRecipe(settings: RunSettings, io: Io, library: Library): Promise<number> {
  const startedAt = io.now();
  const path =
    settings.out === undefined
      ? freeRunPath(resolve(io.cwd, "runs"), { ...settings, startedAt })
      : resolve(io.cwd, settings.out);
  requireFreeFolder(path);

  const recipe = RECIPES[settings.recipe] as Recipe;
  const data = await recipe.load(settings.data && resolve(io.cwd, settings.data), io);
  const count = data.train.y.data.length;
  const held = validationCount(count, settings.validation);
  checkBatchSize(count - held, settings.batch);
  checkSubset(settings.criterionSubset, held);

  // Trying CUDA takes a moment, and who asks for the CPU need not wait for it.
  const devices = library.devices(settings.device === "cpu" ? ["cpu"] : undefined);
  const config = runConfig({ settings, data, startedAt, devices });
  const folder = createRunFolder(path, config);
  const talk = settings.json ? io.stderr : io.stdout;
  const progress = startProgress(talk, settings.steps);
  const stop = new AbortController();
  const listening = io.onInterrupt(() => {
    // Now, since a process that the next signal kills could not give the terminal back.
    progress.stop();
    io.stderr.write("glocal: stopping after the step at hand. Ctrl-C again kills.\n");
    stop.abort();
  });

  const windows: WindowReport[] = [];
  let outcome: Outcome;
  let failure: unknown;
  try {
    const study = library.tune({
      ...tuneOptions(settings, data, library),
      signal: stop.signal,
      progress: (step) => progress.advance(step),
      journal(window) {
        folder.append(window);
        windows.push(window);
        progress.update(window);
      },
    });
    outcome = completeOutcome(await study.result, { settings, folder: folder.path });
  } catch (error) {
    if (windows.length === 0 && !endsInOrder(error)) {
      folder.discard();
      throw error;
    }
    outcome = brokenOutcome(error, windows, { settings, folder: folder.path });
    if (!outcome.result.stopped) failure = error;
  } finally {
    listening();
    progress.stop();
  }

  await folder.finish(outcome);
  if (failure !== undefined) {
    io.stderr.write(`glocal: what was done until then is in ${folder.path}\n`);
    throw failure;
  }
  io.stdout.write(settings.json ? `${toJson(outcome.result)}\n` : formatReport(outcome.result));
  return outcome.result.stopped ? STOPPED : 0;
}

function checkSubset(subset: number | undefined, held: number): void {
  if (subset === undefined || subset <= held) return;
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: `--criterion-subset to be at most ${held}, the number of validation examples`,
    received: String(subset),
  });
}

/** Whether an error says how training went, rather than that it could not begin. */
function endsInOrder(error: unknown): boolean {
  return (
    error instanceof GlocalError &&
    (error.code === "GLOCAL_DIVERGED" || error.code === "GLOCAL_ABORTED")
  );
}

function tuneOptions(
  settings: RunSettings,
  data: Dataset,
  library: Library,
): Omit<TuneOptions, "signal" | "journal"> {
  const { estimator, criterionSubset: subset, threads, rewinds } = settings;
  const hyper = (value: number) => (estimator === "none" ? value : library.learn.sigmoid(value));
  return {
    model: (RECIPES[settings.recipe] as Recipe).model(library),
    data,
    inner: library.optim.sgd({
      lr: hyper(settings.lr),
      momentum: hyper(settings.momentum),
      weightDecay: hyper(settings.weightDecay),
    }),
    outer: library.optim.adam({ lr: settings.outerLr }),
    hypergradient: ESTIMATORS[estimator].make(library, settings),
    ...(subset === undefined ? {} : { criterion: { batch: subset } }),
    steps: settings.steps,
    batchSize: settings.batch,
    seed: settings.seed,
    device: settings.device,
    precision: settings.precision,
    ...(threads === undefined ? {} : { threads }),
    validation: settings.validation,
    evaluate: { every: settings.evaluateEvery },
    ...(rewinds === undefined ? {} : { rewinds }),
    onDivergence: settings.onDivergence,
  };
}
