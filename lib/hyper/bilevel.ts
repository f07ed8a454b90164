/** `bilevel`: tunes the hyperparameters of any differentiable step while it runs. */
import { shuffledBatches } from "../data/batches.js";
import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { adam } from "../optim/adam.js";
import type { Hyperparameter } from "../optim/hyperparameter.js";
import type { Optimizer } from "../optim/optimizer.js";
import { type DeviceOptions, openDevice } from "../runtime/device.js";
import type { Estimator } from "./estimator.js";
import { glocal } from "./estimators.js";
import { Problem, type StepContext } from "./problem.js";
import type { CompileSwitches } from "./programs.js";
import { examplesOf } from "./resident.js";
import { Study } from "./study.js";
import { Trainer } from "./trainer.js";
import type { StudyResult, WindowReport } from "./types.js";
import { runWindows } from "./windows.js";

/** A tree of host arrays as a traced function sees it: every array a tensor, every hyperparameter its value. */
export type TensorsOf<T> = T extends HostArray | Hyperparameter | number
  ? Tensor
  : { readonly [K in keyof T]: TensorsOf<T[K]> };

export interface BilevelOptions<State, Hyper, Batch> extends DeviceOptions {
  /** Initial training state θ: a tree of arrays, float32 or float64 throughout (int32 leaves are carried along). */
  readonly state: State;
  /** A tree of learned hyperparameters (`learn.…`) and constants. */
  readonly hyper: Hyper;
  /** One inner step (eq. 3): pure, returns a state like the one it gets. Report its loss with `context.report("loss", …)`. */
  readonly step: (
    state: TensorsOf<State>,
    hyper: TensorsOf<Hyper>,
    batch: TensorsOf<Batch>,
    context: StepContext,
  ) => TensorsOf<State>;
  /** Per-example losses [examples] on validation data (eq. 1); their mean is the criterion. */
  readonly criterion: (
    state: TensorsOf<State>,
    hyper: TensorsOf<Hyper>,
    batch: TensorsOf<Batch>,
    context: StepContext,
  ) => Tensor;
  /** Trees of arrays with one row per example. */
  readonly data: { readonly train: Batch; readonly validation: Batch };
  /** Inner steps of the whole training (T). */
  readonly steps: number;
  readonly batchSize: number;
  /** How hypergradients are estimated. Default `glocal()`. */
  readonly hypergradient?: Estimator;
  /** Updates the unconstrained hyperparameters after each window. Default `adam({ lr: 0.05 })`. */
  readonly outer?: Optimizer;
  /** Shuffling and random numbers; the same seed gives the same bits. An integer from 0, default 0. */
  readonly seed?: number;
  /** Which examples [batchSize] each step (from 0) sees. Default: reshuffled every epoch by the seed. */
  readonly batches?: { at(step: number): Int32Array };
  /** Metrics per example of a data set, averaged after every so many steps and at the end. */
  readonly evaluate?: {
    readonly every?: number;
    readonly data: Batch;
    readonly metrics: (
      state: TensorsOf<State>,
      batch: TensorsOf<Batch>,
      context: StepContext,
    ) => Readonly<Record<string, Tensor>>;
  };
  /** NaN or Inf in training: an error (default), or the end of the study, noted in its result. */
  readonly onDivergence?: "throw" | "record";
  /** Stops between two steps and keeps what was done. */
  readonly signal?: AbortSignal;
  /** Validation examples per chunk: memory grows with it, results do not depend on it beyond rounding. Default 250. */
  readonly criterionBatch?: number;
  /** Most tangent lanes that run together. Default: what memory allows, at most 32. */
  readonly lanes?: number;
  /** Switches that tests compare. */
  readonly switches?: CompileSwitches;
}

export interface BilevelResult<State> extends StudyResult<Readonly<Record<string, number>>> {
  /** Final training state, on the host. */
  readonly state: State;
}

const KNOWN = new Set([
  ...["state", "hyper", "step", "criterion", "data", "steps", "batchSize", "hypergradient"],
  ...["outer", "seed", "batches", "evaluate", "onDivergence", "signal", "criterionBatch"],
  ...["lanes", "switches", "device", "threads", "simd"],
]);

/** @throws GLOCAL_BAD_OPTION for names that no option has */
export function refuseUnknown(what: string, given: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${what} to have only the options ${[...known].join(", ")}`,
      received: `"${unknown}"`,
    });
}

function whole(name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${name} to be a whole number from ${least}`,
      received: String(value),
    });
}

/**
 * Starts a study of a bilevel problem (eq. 1–6): inner steps train the state,
 * and after every window the estimated hypergradient of the criterion updates
 * the hyperparameters. Iterate over it for its windows, or await `result`.
 *
 * @throws GLOCAL_BAD_OPTION, GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE, GLOCAL_TRACE at once; in iteration and in `result` GLOCAL_DIVERGED
 */
export function bilevel<State, Hyper, Batch>(
  options: BilevelOptions<State, Hyper, Batch>,
): Study<WindowReport<Readonly<Record<string, number>>>, BilevelResult<State>> {
  refuseUnknown("bilevel", options, KNOWN);
  const { steps, batchSize, seed = 0, criterionBatch = 250, onDivergence = "throw" } = options;
  const { outer = adam({ lr: 0.05 }), hypergradient: estimator = glocal(), evaluate } = options;
  whole("steps", steps, 1);
  whole("batchSize", batchSize, 1);
  whole("seed", seed, 0);
  whole("criterionBatch", criterionBatch, 1);
  if (options.lanes !== undefined) whole("lanes", options.lanes, 1);
  if (evaluate?.every !== undefined) whole("evaluate.every", evaluate.every, 1);
  if (onDivergence !== "throw" && onDivergence !== "record")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'onDivergence to be "throw" or "record"',
      received: JSON.stringify(onDivergence),
    });
  const train = examplesOf(options.data?.train, "training");
  const validation = examplesOf(options.data?.validation, "validation");
  const { step, criterion } = options;
  const problem = new Problem(options.state, options.hyper, { step, criterion });
  if (estimator.horizon !== "none") problem.hyper.requireLearned(estimator.name);
  const batches = options.batches ?? shuffledBatches({ count: train.count, batchSize, seed });

  const device = openDevice(options);
  const trainer = new Trainer(device, problem, train, validation, {
    batchSize,
    seed,
    longest:
      estimator.horizon === "window" || estimator.horizon === "none"
        ? Math.min(estimator.window, steps)
        : steps,
    last: estimator.last,
    criterionBatch,
    ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
    ...(options.switches ? { switches: options.switches } : {}),
  });
  const stop = new AbortController();
  const forward = () => stop.abort();
  options.signal?.addEventListener("abort", forward, { once: true });
  if (options.signal?.aborted) stop.abort();
  const windows = runWindows<State>({
    problem,
    trainer,
    estimator,
    outer,
    steps,
    indexOf: (t) => batches.at(t),
    evaluation: evaluate && {
      every: evaluate.every,
      run: namedEvaluation(trainer, { data: evaluate.data, metrics: evaluate.metrics as Metrics }),
    },
    onDivergence,
    signal: stop.signal,
    device,
    done: () => options.signal?.removeEventListener("abort", forward),
  });
  return new Study(windows, forward);
}

type Metrics = (
  state: unknown,
  batch: unknown,
  context: StepContext,
) => Readonly<Record<string, Tensor>>;

/** Metrics come as a record; the trainer knows them by position. */
function namedEvaluation(
  trainer: Trainer,
  evaluate: { data: unknown; metrics: Metrics },
): (signal?: AbortSignal) => Promise<Record<string, number>> {
  let names: string[] = [];
  const metrics = (state: unknown, batch: unknown, context: StepContext) => {
    const record = evaluate.metrics(state, batch, context);
    names = Object.keys(record);
    return Object.values(record);
  };
  const run = trainer.evaluation(examplesOf(evaluate.data, "evaluation"), metrics);
  return async (signal) => {
    const means = await run(signal);
    return Object.fromEntries(names.map((name, i) => [name, means[i] as number]));
  };
}
