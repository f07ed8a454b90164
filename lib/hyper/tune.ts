/** `tune`: trains a classifier while its optimizer's hyperparameters are learned; a thin composition over `bilevel`. */
import { splitValidation } from "../data/split.js";
import type { Dataset, Split } from "../data/types.js";
import { GlocalError } from "../errors.js";
import { allocate, dtypeOf, dtypeOfArray, type HostArray, isHostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { flatten } from "../ir/tree.js";
import { isFloat, sameShape, sizeOf } from "../ir/types.js";
import type { HostParams, Model } from "../nn/model.js";
import type { ApplyContext, Params } from "../nn/module.js";
import { cast } from "../ops/constant.js";
import { eq } from "../ops/elementwise.js";
import { softmaxCrossEntropy } from "../ops/normalize.js";
import { argmax, mean } from "../ops/reduce.js";
import type { Optimizer } from "../optim/optimizer.js";
import { isTensor } from "../trace/trace.js";
import { tracedValueAndGrad } from "../transform/grad.js";
import { type BilevelOptions, bilevel } from "./bilevel.js";
import { checkFunction, checkOptimizer, isRecord, refuseUnknown } from "./options.js";
import type { Study } from "./study.js";
import { type CriterionSample, Subset } from "./subset.js";
import type { StudyResult, TestMetrics, WindowReport } from "./types.js";

/** A model of one's own: logits [n, classes] from parameters and inputs. */
export type ModelFunction = (params: Params, x: Tensor, context: ApplyContext) => Tensor;

type Shared = Pick<
  BilevelOptions<unknown, unknown, unknown>,
  | "steps"
  | "batchSize"
  | "hypergradient"
  | "outer"
  | "seed"
  | "batches"
  | "rewinds"
  | "onDivergence"
  | "signal"
  | "progress"
  | "criterionBatch"
  | "mode"
  | "lanes"
  | "switches"
  | "device"
  | "threads"
  | "simd"
  | "precision"
>;

export interface TuneOptions extends Shared {
  /** E.g. `nn.lenet()`, or a function, which then needs `params`. */
  readonly model: Model | ModelFunction;
  /** Initial parameters. Default: the model's own, drawn with `seed`. */
  readonly params?: HostParams;
  readonly data: Dataset;
  /** Inner optimizer; its settings may be learned, e.g. `optim.sgd({ lr: learn.sigmoid(0.1) })`. */
  readonly inner: Optimizer;
  /** Held out of the training data for the criterion: a fraction or a number of examples. Default 0.1. */
  readonly validation?: number;
  /**
   * Lets hypergradients see few of the held-out examples: `batch` of them, drawn at random for each window
   * and the same for all its points. A window's validation loss is then of those; the result's is of
   * all. Default: all.
   */
  readonly criterion?: CriterionSample;
  /** Per-example losses [n] from logits and labels. Default `nn.softmaxCrossEntropy`. */
  readonly loss?: (logits: Tensor, labels: Tensor) => Tensor;
  /** Test loss and accuracy at the end of each window in which a multiple of so many steps falls; at the end in any case. */
  readonly evaluate?: { readonly every: number };
  /** Called with every window as it ends, before it is yielded. */
  readonly journal?: (report: WindowReport) => void;
}

export interface TuneResult extends StudyResult {
  /** The trained parameters, for `model.predict` and `saveParams`. */
  readonly params: HostParams;
}

/** Options that go to `bilevel` as they are. */
const SHARED = [
  ...["steps", "batchSize", "hypergradient", "outer", "seed", "batches", "rewinds", "onDivergence"],
  ...[
    "signal",
    "progress",
    "criterionBatch",
    "mode",
    "lanes",
    "switches",
    "device",
    "threads",
    "simd",
    "precision",
  ],
];
const OWN = [
  "model",
  "params",
  "data",
  "inner",
  "validation",
  "criterion",
  "loss",
  "evaluate",
  "journal",
];

interface TuneState {
  readonly params: HostParams;
  readonly optimizer: Readonly<Record<string, readonly HostArray[]>>;
}

function initialParams({ model, params, seed = 0, data }: TuneOptions): HostParams {
  if (params) return params;
  if (typeof model === "function")
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "params beside a model given as a function",
      received: "none",
      hint: "Pass the initial parameters as a tree of arrays.",
    });
  const dtype = dtypeOfArray(data.train.x);
  if (!isFloat(dtype))
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: "float32 or float64 inputs in data.train.x",
      received: dtype,
    });
  return model.initialize(seed, dtype);
}

function checkTune({ model, inner, loss, journal, evaluate, data }: TuneOptions): void {
  if (typeof model !== "function" && !isRecord(model))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "model to be a model such as nn.lenet(), or a function",
      received: JSON.stringify(model) ?? String(model),
    });
  checkFunction("model", typeof model === "function" ? model : model.apply);
  checkOptimizer("inner", inner);
  if (loss !== undefined) checkFunction("loss", loss);
  if (journal !== undefined) checkFunction("journal", journal);
  if (evaluate !== undefined) refuseUnknown("evaluate", evaluate, new Set(["every"]));
  checkData(data);
}

function checkData(data: Dataset): void {
  for (const [name, split] of Object.entries({ train: data?.train, test: data?.test })) {
    const good =
      isHostArray(split?.x) &&
      isHostArray(split?.y) &&
      split.y.data instanceof Int32Array &&
      split.x.shape[0] === split.y.shape[0];
    if (!good)
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `data.${name} with x [n, …] and int32 y [n]`,
        received: split ? `x [${split.x?.shape}], y [${split.y?.shape}]` : String(split),
        hint: "Load a data set with datasets.…, or build one of { data, shape } arrays.",
      });
    const stray = split.y.data.find((label) => label < 0 || label >= data.classes);
    if (stray !== undefined)
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `labels from 0 to ${data.classes - 1} in data.${name}.y, as data.classes says`,
        received: String(stray),
      });
  }
}

/** A label beyond the logits would count as a loss of 0. */
function checkLogits(logits: Tensor, x: Tensor, { classes }: Dataset): Tensor {
  const expected = [x.shape[0] as number, classes];
  if (!sameShape(logits.shape, expected))
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `a model whose output is [${expected}], one logit for each of data.classes`,
      received: `[${logits.shape}]`,
      hint: "Give the model as many outputs as the data has classes.",
    });
  return logits;
}

/** Buffers of the inner optimizer: zeros like the parameters. */
function initialBuffers(inner: Optimizer, params: readonly HostArray[]) {
  const zeros = () =>
    params.map(({ data, shape }) => ({ data: allocate(dtypeOf(data), sizeOf(shape)), shape }));
  return Object.fromEntries(inner.buffers.map((name) => [name, zeros()]));
}

/**
 * Trains `model` on `data` and tunes the learned settings of `inner` by
 * hypergradients of the loss on held-out validation data.
 *
 * ```ts
 * const study = tune({
 *   model: nn.lenet(), data: await datasets.mnist(),
 *   inner: optim.sgd({ lr: learn.sigmoid(0.1), momentum: learn.sigmoid(0.9) }),
 *   steps: 1000, batchSize: 128,
 * });
 * for await (const w of study) console.log(w.step, w.hyper.lr, w.validation.loss);
 * const { params, test } = await study.result;
 * ```
 *
 * @throws GLOCAL_BAD_OPTION, GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE, GLOCAL_TRACE at once; in iteration and in `result` GLOCAL_DIVERGED
 */
export function tune(options: TuneOptions): Study<WindowReport, TuneResult> {
  refuseUnknown("tune", options, new Set([...OWN, ...SHARED]));
  checkTune(options);
  const { model, data, inner, validation = 0.1, loss = softmaxCrossEntropy, seed = 0 } = options;
  const forward = typeof model === "function" ? model : model.apply;
  const apply: ModelFunction = (p, x, context) => checkLogits(forward(p, x, context), x, data);
  const params = initialParams(options);
  const [leaves, paramsDef] = flatten(params, isHostArray);
  const held = splitValidation(data.train, validation, seed);
  const state: TuneState = { params, optimizer: initialBuffers(inner, leaves) };
  const { criterion: sample } = options;
  // `bilevel` would say it again, under the name that the option has there.
  if (sample) new Subset(sample, "criterion", held.validation.x.shape[0] as number, seed);
  const shared = Object.fromEntries(
    Object.entries(options).filter(([name]) => SHARED.includes(name)),
  ) as unknown as Shared;

  const study = bilevel<TuneState, Optimizer["hyper"], Split>({
    ...shared,
    ...(sample && { criterionSample: sample }),
    state,
    hyper: inner.hyper,
    data: held,
    step: (now, hyper, { x, y }, context) => {
      const objective = (p: Params) => mean(loss(apply(p, x, context), y));
      const [value, gradient] = tracedValueAndGrad(objective, [now.params], 0);
      context.report("loss", value);
      const next = inner.update({
        params: flatten(now.params, isTensor)[0],
        grads: flatten(gradient, isTensor)[0],
        state: now.optimizer,
        hyper,
        step: context.step,
      });
      return {
        params: paramsDef.rebuild(next.params) as typeof now.params,
        optimizer: next.state as typeof now.optimizer,
      };
    },
    criterion: (now, _, { x, y }, context) => loss(apply(now.params as Params, x, context), y),
    evaluate: {
      ...(options.evaluate ? { every: options.evaluate.every } : {}),
      data: data.test,
      metrics: (now, { x, y }, context) => {
        const logits = apply(now.params as Params, x, context);
        return { loss: loss(logits, y), accuracy: cast(eq(argmax(logits), y), logits.dtype) };
      },
    },
  });
  /** A share of n examples is a whole number of nths, whatever a float32 sum makes of it. */
  const examples = data.test.x.shape[0] as number;
  const metrics = (means: Readonly<Record<string, number>>): TestMetrics => ({
    loss: means.loss as number,
    accuracy: Math.round((means.accuracy as number) * examples) / examples,
  });
  return study.map(
    ({ test, ...report }) => {
      const window: WindowReport = { ...report, ...(test ? { test: metrics(test) } : {}) };
      options.journal?.(window);
      return window;
    },
    ({ state: final, test, ...result }) => ({
      ...result,
      test: test && metrics(test),
      params: final.params,
    }),
  );
}
