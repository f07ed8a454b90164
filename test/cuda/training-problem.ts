/** Trainings that are run on two devices and compared, quantity by quantity. */
import {
  array,
  type Dataset,
  type Estimator,
  type HostArray,
  learn,
  nn,
  optim,
  type Split,
  type TuneOptions,
  tune,
} from "../../lib/index.js";
import { isHostArray } from "../../lib/ir/array.js";
import { flatten } from "../../lib/ir/tree.js";
import { type Float, noise } from "../hyper/support.js";

export interface Problem {
  readonly model: nn.Model;
  /** Of the square images. */
  readonly side: number;
  readonly batch: number;
  readonly train: number;
  readonly validation: number;
  readonly steps: number;
  readonly window: number;
  /** Hypergradients at each window's end. */
  readonly last: number;
}

const CLASSES = 4;

/** LeNet's layers in small: for devices that are slow. */
const smallModel = (): nn.Model =>
  nn.model(
    "small",
    nn.sequential({
      conv1: nn.conv2d(1, 4, { kernel: 5 }),
      act1: nn.leakyRelu(),
      pool1: nn.avgPool(),
      conv2: nn.conv2d(4, 6, { kernel: 3 }),
      act2: nn.leakyRelu(),
      pool2: nn.avgPool(),
      flatten: nn.flatten(),
      linear1: nn.linear(6, 8),
      act3: nn.leakyRelu(),
      linear2: nn.linear(8, CLASSES),
    }),
  );

export const small: Problem = {
  model: smallModel(),
  side: 12,
  batch: 8,
  train: 40,
  validation: 10,
  steps: 12,
  window: 6,
  last: 6,
};

export const full: Problem = {
  model: nn.lenet({ classes: CLASSES }),
  side: 28,
  batch: 64,
  train: 640,
  validation: 200,
  steps: 100,
  window: 10,
  last: 10,
};

const [SIGNAL, NOISE] = [0.5, 2];

/** Waves of a direction for each class, under much noise: something to learn, and in a hundred steps not perfectly. */
function images(count: number, side: number, seed: number, Type: Float): Split {
  const error = noise(seed);
  const x = new Type(count * side * side).map((_, at) => {
    const image = Math.floor(at / side ** 2);
    const [row, column] = [Math.floor(at / side) % side, at % side];
    const angle = (Math.PI * (image % CLASSES)) / CLASSES;
    const wave = Math.sin(0.9 * (row * Math.cos(angle) + column * Math.sin(angle)));
    return SIGNAL * wave + NOISE * error();
  });
  const y = Int32Array.from({ length: count }, (_, image) => image % CLASSES);
  return { x: array(x, [count, side, side, 1]), y: array(y) };
}

/** Parameters as float64 rounds to float32, so that both types start at the same point. */
function widened(leaves: readonly HostArray[], Type: Float): HostArray[] {
  return leaves.map(({ data, shape }) => array(Type.from(data as ArrayLike<number>), shape));
}

/** Everything that a training comes to. */
export interface Outcome {
  readonly parameters: readonly Float64Array[];
  /** Mean of each window. */
  readonly trainLoss: readonly number[];
  readonly validationLoss: readonly number[];
  /** By hyperparameter, those of all windows in order: what an estimator is given. */
  readonly hypergradients: readonly (readonly number[])[];
  /** By hyperparameter, what the estimator made of them, window by window. */
  readonly estimates: readonly (readonly number[])[];
  /** By hyperparameter, its values, window by window. */
  readonly hyper: readonly (readonly number[])[];
  /** Hyperparameters whose tangents were clipped, window by window. */
  readonly clipped: readonly number[];
}

type Place = Pick<TuneOptions, "device" | "threads" | "simd">;

/** Keeps what an estimator is shown. */
function recording(estimator: Estimator) {
  const rows: number[][] = [];
  const recorder: Estimator = {
    ...estimator,
    estimate: (trajectory, device) => {
      const { data, points, size } = trajectory;
      for (let t = 0; t < points; t++) rows.push([...data.subarray(t * size, (t + 1) * size)]);
      return estimator.estimate(trajectory, device);
    },
  };
  return { recorder, rows };
}

/** The last hypergradient of a window, as local has it, from a window in which more are measured. */
export const lastOf = ({ window, last }: Problem): Estimator => ({
  name: "last",
  horizon: "window",
  window,
  last,
  estimate: ({ data, size }) => ({
    gradient: data.slice(-size),
    eigenvalues: null,
    fallback: null,
  }),
});

const columns = (rows: readonly (readonly number[])[]): number[][] =>
  (rows[0] ?? []).map((_, i) => rows.map((row) => row[i] as number));

/** The outer steps are small and smooth, so that rounding is not blown up between windows. */
const OUTER_RATE = 0.1;

export async function train(
  problem: Problem,
  Type: Float,
  estimator: Estimator,
  mode: "forward" | "reverse",
  place: Place,
): Promise<Outcome> {
  const { model, side, batch, train: count, validation, steps } = problem;
  const [leaves, tree] = flatten(model.initialize(1, "float32"), isHostArray);
  const data: Dataset = {
    name: "waves",
    classes: CLASSES,
    train: images(count + validation, side, 1, Type),
    test: images(CLASSES, side, 2, Type),
  };
  const { recorder, rows } = recording(estimator);
  const study = tune({
    model,
    params: tree.rebuild(widened(leaves, Type)) as ReturnType<nn.Model["initialize"]>,
    data,
    inner: optim.sgd({
      lr: learn.sigmoid(0.05),
      momentum: learn.sigmoid(0.8),
      weightDecay: learn.sigmoid(1e-3),
    }),
    outer: optim.sgd({ lr: OUTER_RATE }),
    hypergradient: recorder,
    validation,
    batchSize: batch,
    steps,
    seed: 0,
    mode,
    ...place,
  });
  const windows = [];
  for await (const window of study) windows.push(window);
  const { params } = await study.result;
  const values = (of: Readonly<Record<string, unknown>> | null) =>
    Object.values(of ?? {}) as number[];
  return {
    parameters: flatten(params, isHostArray)[0].map(({ data }) => Float64Array.from(data)),
    trainLoss: windows.map((w) => w.train.loss as number),
    validationLoss: windows.map((w) => w.validation.loss as number),
    hypergradients: columns(rows),
    estimates: columns(windows.map((w) => values(w.hypergradient))),
    hyper: columns(windows.map((w) => values(w.hyper))),
    clipped: windows.map((w) => w.tangents?.clipped ?? 0),
  };
}

/** max |a − b| / max |b|. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length || b.length === 0) return Number.POSITIVE_INFINITY;
  const all = Array.from(b);
  const scale = Math.max(...all.map(Math.abs));
  const worst = Math.max(...all.map((v, i) => Math.abs((a[i] as number) - v)));
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst / scale;
}

export type Distances = Readonly<Record<Exclude<keyof Outcome, "clipped">, number>>;

/** By quantity the largest distance among its arrays, each relative to its own largest entry. */
export function distances(a: Outcome, b: Outcome): Distances {
  const worst = (as: readonly ArrayLike<number>[], bs: readonly ArrayLike<number>[]) =>
    as.length === bs.length && bs.length > 0
      ? Math.max(...bs.map((array, i) => distance(as[i] as ArrayLike<number>, array)))
      : Number.POSITIVE_INFINITY;
  return {
    parameters: worst(a.parameters, b.parameters),
    trainLoss: distance(a.trainLoss, b.trainLoss),
    validationLoss: distance(a.validationLoss, b.validationLoss),
    hypergradients: worst(a.hypergradients, b.hypergradients),
    estimates: worst(a.estimates, b.estimates),
    hyper: worst(a.hyper, b.hyper),
  };
}
