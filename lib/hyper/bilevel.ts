/** `bilevel`: tunes the hyperparameters of any differentiable step while it runs. */
import { shuffledBatches } from "../data/batches.js";
import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { adam } from "../optim/adam.js";
import type { Hyperparameter } from "../optim/hyperparameter.js";
import type { Optimizer } from "../optim/optimizer.js";
import { type Device, type DeviceOptions, openDevice } from "../runtime/device.js";
import type { ModeName } from "./choose-mode.js";
import { checkEstimator, type Estimator } from "./estimator.js";
import { glocal } from "./glocal.js";
import {
  checkFunction,
  checkIndex,
  checkOuter,
  checkSignal,
  checkWhole,
  refuseUnknown,
} from "./options.js";
import { OuterUpdate } from "./outer.js";
import { Problem, type StepContext } from "./problem.js";
import type { CompileSwitches } from "./program-inputs.js";
import { examplesOf } from "./resident.js";
import { Study } from "./study.js";
import { type CriterionSample, Subset } from "./subset.js";
import { Trainer } from "./trainer.js";
import type { BilevelResult, WindowReport } from "./types.js";
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
  /**
   * Lets hypergradients see few validation examples: `batch` of them, drawn at random for each window
   * (`resample: "window"`) and the same for all its points, so that their noise is common to the
   * trajectory. A window's validation loss is then of those; the result's is of all. Default: all.
   */
  readonly criterionSample?: CriterionSample;
  /** How hypergradients are estimated. Default `glocal()`. */
  readonly hypergradient?: Estimator;
  /** Updates the unconstrained hyperparameters after each window. Default `adam({ lr: 0.05 })`. */
  readonly outer?: Optimizer;
  /** Shuffling and random numbers; the same seed gives the same bits. An integer from 0, default 0. */
  readonly seed?: number;
  /** Which examples [batchSize] each step (from 0) sees. Default: reshuffled every epoch by the seed. */
  readonly batches?: { at(step: number): Int32Array };
  /** Metrics per example of a data set, averaged at the end of each window in which a multiple of `every` steps falls, and of the study. */
  readonly evaluate?: {
    readonly every?: number;
    readonly data: Batch;
    readonly metrics: (
      state: TensorsOf<State>,
      batch: TensorsOf<Batch>,
      context: StepContext,
    ) => Readonly<Record<string, Tensor>>;
  };
  /**
   * Most times that a window in which training diverges (NaN or Inf) begins again, each time with hyperparameters
   * moved against the hypergradient just before the divergence: as far as the learning rate of `outer`, then twice
   * as far, and so on. 0: never. Default 8. Without hypergradients there is nothing to move.
   */
  readonly rewinds?: number;
  /** Training that diverges for all that: an error (default), or the end of the study, noted in its result. */
  readonly onDivergence?: "throw" | "record";
  /** Stops between two steps and keeps what was done. */
  readonly signal?: AbortSignal;
  /** Called about ten times a second while a window trains, with the inner steps done since the study began. */
  readonly progress?: (step: number) => void;
  /** Validation examples per chunk: the more, the fewer programs are called. Memory grows with it where the criterion mixes examples, and up to 4 GiB where one example takes more than 64 MiB of intermediate values. Results do not depend on it beyond rounding. Default 1,000. */
  readonly criterionBatch?: number;
  /**
   * How hypergradients are computed; both give the same ones. "forward" carries a tangent per
   * hyperparameter, "reverse" an adjoint per point back over the stored states of the window.
   * Default "auto": what costs less.
   */
  readonly mode?: ModeName;
  /** Most tangent lanes that run together. Default: what memory allows, at most 32. */
  readonly lanes?: number;
  /** Switches that tests compare. */
  readonly switches?: CompileSwitches;
}

const KNOWN = new Set([
  ...["state", "hyper", "step", "criterion", "data", "steps", "batchSize", "hypergradient"],
  ...[
    "outer",
    "seed",
    "batches",
    "evaluate",
    "rewinds",
    "onDivergence",
    "signal",
    "progress",
    "criterionBatch",
  ],
  ...["criterionSample", "mode", "lanes", "switches"],
  ...["device", "threads", "simd", "precision"],
]);
/** The last step back is then 2³¹ times the first. */
const MOST_REWINDS = 32;
const EVALUATE = new Set(["every", "data", "metrics"]);

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
  const { steps, batchSize, seed = 0, criterionBatch = 1000 } = options;
  const { rewinds = 8, onDivergence = "throw" } = options;
  const { outer = adam({ lr: 0.05 }), hypergradient = glocal(), evaluate } = options;
  checkWhole("steps", steps, 1);
  checkWhole("batchSize", batchSize, 1);
  checkWhole("seed", seed, 0);
  checkWhole("criterionBatch", criterionBatch, 1);
  checkWhole("rewinds", rewinds, 0, MOST_REWINDS);
  if (options.lanes !== undefined) checkWhole("lanes", options.lanes, 1);
  if (evaluate !== undefined) {
    refuseUnknown("evaluate", evaluate, EVALUATE);
    checkFunction("evaluate.metrics", evaluate.metrics);
    if (evaluate.every !== undefined) checkWhole("evaluate.every", evaluate.every, 1);
  }
  checkFunction("step", options.step);
  checkFunction("criterion", options.criterion);
  checkEstimator(hypergradient);
  checkOuter(outer);
  checkSignal(options.signal);
  if (options.progress !== undefined) checkFunction("progress", options.progress);
  if (onDivergence !== "throw" && onDivergence !== "record")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: 'onDivergence to be "throw" or "record"',
      received: JSON.stringify(onDivergence),
    });
  const train = examplesOf(options.data?.train, "training");
  const validation = examplesOf(options.data?.validation, "validation");
  const { step, criterion, criterionSample: sample } = options;
  const subset = sample && new Subset(sample, "criterionSample", validation.count, seed);
  const problem = new Problem(options.state, options.hyper, { step, criterion });
  const estimator =
    hypergradient.suited?.({ size: problem.hyper.size, mode: options.mode ?? "auto" }) ??
    hypergradient;
  if (estimator.horizon !== "none") problem.hyper.requireLearned(estimator.name);
  const { batches = shuffledBatches({ count: train.count, batchSize, seed }) } = options;
  checkFunction("batches.at", batches.at);

  const device = openDevice(options);
  const compiled = disposingOnFailure(device, () => {
    estimator.checkDevice?.(device);
    const trainer = new Trainer(device, problem, train, validation, {
      batchSize,
      seed,
      longest:
        estimator.horizon === "window" || estimator.horizon === "none"
          ? Math.min(estimator.window, steps)
          : steps,
      last: estimator.last,
      criterionBatch,
      subset: subset?.size,
      carries: (estimator.tangents ?? "reset") !== "reset",
      mode: options.mode ?? "auto",
      lanes: options.lanes,
      switches: options.switches ?? {},
    });
    const evaluation = evaluate && {
      every: evaluate.every,
      run: namedEvaluation(trainer, { data: evaluate.data, metrics: evaluate.metrics as Metrics }),
    };
    return { trainer, evaluation };
  });
  const stop = new AbortController();
  const forward = () => stop.abort();
  options.signal?.addEventListener("abort", forward, { once: true });
  if (options.signal?.aborted) stop.abort();
  const windows = runWindows<State>({
    problem,
    ...compiled,
    estimator,
    outer: new OuterUpdate(outer, problem.hyper.size),
    steps,
    seed,
    subset,
    indexOf: (t) => checkIndex(batches.at(t), t, batchSize, train.count),
    rewinds,
    onDivergence,
    signal: stop.signal,
    progress: options.progress,
    device,
    done: () => options.signal?.removeEventListener("abort", forward),
  });
  return new Study(windows, forward);
}

/** What could not be compiled leaves no open device behind. */
function disposingOnFailure<T>(device: Device, body: () => T): T {
  try {
    return body();
  } catch (error) {
    device.dispose();
    throw error;
  }
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
): () => Promise<Record<string, number>> {
  let names: string[] = [];
  const metrics = (state: unknown, batch: unknown, context: StepContext) => {
    const record = evaluate.metrics(state, batch, context);
    names = Object.keys(record);
    return Object.values(record);
  };
  const run = trainer.evaluation(examplesOf(evaluate.data, "evaluation"), metrics);
  return async () => {
    const means = await run();
    return Object.fromEntries(names.map((name, i) => [name, means[i] as number]));
  };
}
