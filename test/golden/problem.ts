/** The golden problems, stated once for the reference interpreter and for `bilevel`. */
import { readFileSync } from "node:fs";
import { array, type HostArray, nn, ops, type StepContext, type Tensor } from "../../lib/index.js";
import { tracedValueAndGrad } from "../../lib/transform/grad.js";

/** Nested lists of numbers. */
export type Nested = number | readonly Nested[];

export interface Golden {
  readonly T: number;
  readonly phi: readonly number[];
  readonly x: Nested;
  readonly y: readonly (readonly number[])[];
  readonly x_val: Nested;
  readonly y_val: readonly number[];
  readonly params0: readonly Nested[];
  readonly params_after_step1: readonly Nested[];
  readonly params_final: readonly Nested[];
  readonly momentum_final: readonly Nested[];
  readonly train_loss: readonly number[];
  readonly val_loss: readonly number[];
  readonly hypergrad: readonly (readonly number[])[];
  /** One array per parameter, leading axis: hyperparameters. */
  readonly dtheta_dphi_final?: readonly Nested[];
  readonly dmomentum_dphi_final?: readonly Nested[];
  readonly dmd: readonly DmdCase[];
}

export interface DmdCase {
  readonly m: number;
  readonly sigma: number;
  readonly rank: number | null;
  readonly rcond: number;
  readonly tol: number;
  readonly fallback: boolean;
  readonly glocal: readonly number[];
}

export function loadGolden(name: string): Golden {
  return JSON.parse(
    readFileSync(new URL(`../goldens/${name}.json`, import.meta.url), "utf8"),
  ) as Golden;
}

export const flat = (nested: Nested): number[] =>
  typeof nested === "number" ? [nested] : nested.flatMap(flat);

function shapeOf(nested: Nested): number[] {
  return typeof nested === "number" ? [] : [nested.length, ...shapeOf(nested[0] as Nested)];
}

export type Float = typeof Float32Array | typeof Float64Array;

const floats = (nested: Nested, Type: Float): HostArray =>
  array(Type.from(flat(nested)), shapeOf(nested));

export interface TrainingState<T> {
  readonly params: readonly T[];
  readonly momentum: readonly T[];
}

export interface Batch<T> {
  readonly x: T;
  readonly y: T;
}

export interface GoldenData {
  readonly batchSize: number;
  readonly train: Batch<HostArray>;
  readonly validation: Batch<HostArray>;
  readonly state: TrainingState<HostArray>;
  /** The goldens' batches, in their order. */
  readonly batches: { at(step: number): Int32Array };
}

/** Training batches laid out as one data set, so that a batch is a range of rows. */
export function dataOf(golden: Golden, Type: Float = Float64Array): GoldenData {
  const batchSize = golden.y[0]?.length as number;
  const x = floats(golden.x, Type);
  const rows = golden.T * batchSize;
  return {
    batchSize,
    train: {
      x: { data: x.data, shape: [rows, ...x.shape.slice(2)] },
      y: array(Int32Array.from(golden.y.flat())),
    },
    validation: { x: floats(golden.x_val, Type), y: array(Int32Array.from(golden.y_val)) },
    state: {
      params: golden.params0.map((p) => floats(p, Type)),
      momentum: golden.params0.map((p) => array(new Type(flat(p).length), shapeOf(p))),
    },
    batches: {
      at: (step) => Int32Array.from({ length: batchSize }, (_, i) => step * batchSize + i),
    },
  };
}

/** Logits from parameters and inputs. */
export type Network = (params: readonly Tensor[], x: Tensor) => Tensor;

/** 8 → 6 → 3 with tanh. */
export const mlp: Network = ([w1, b1, w2, b2], x) => {
  const hidden = ops.tanh(ops.add(ops.matmul(x, w1 as Tensor), b1 as Tensor));
  return ops.add(ops.matmul(hidden, w2 as Tensor), b2 as Tensor);
};

const activate = (x: Tensor) =>
  nn.leakyRelu().apply({}, x, { train: true, key: ops.zeros([2], "int32") });

/** conv 5×5, leaky, pool; conv 3×3 padded, leaky, pool; linear, leaky, linear. */
export const cnn: Network = (params, x) => {
  const [c1w, c1b, c2w, c2b, l1w, l1b, l2w, l2b] = params as Tensor[] as [
    ...[Tensor, Tensor, Tensor, Tensor],
    ...[Tensor, Tensor, Tensor, Tensor],
  ];
  const first = ops.avgPool(activate(ops.add(ops.conv2d(x, c1w), c1b)));
  const second = ops.avgPool(activate(ops.add(ops.conv2d(first, c2w, { padding: 1 }), c2b)));
  const features = ops.reshape(second, [x.shape[0] as number, 16]);
  return ops.add(ops.matmul(activate(ops.add(ops.matmul(features, l1w), l1b)), l2w), l2b);
};

export type Step<Hyper> = (
  state: TrainingState<Tensor>,
  hyper: Hyper,
  batch: Batch<Tensor>,
  context: StepContext,
) => TrainingState<Tensor>;

/** v ← μv + g + wd·θ, θ ← θ − lr·v, with (lr, μ, wd) as given to it. */
function momentumStep(
  loss: (params: readonly Tensor[]) => Tensor,
  { params, momentum }: TrainingState<Tensor>,
  { lr, mom, wd }: { lr: Tensor | number; mom: Tensor | number; wd: Tensor | number },
  context: StepContext,
): TrainingState<Tensor> {
  const [value, gradient] = tracedValueAndGrad(loss, [params], 0) as [Tensor, Tensor[]];
  context.report("loss", value);
  const moved = gradient.map((g, i) =>
    ops.add(ops.add(ops.mul(momentum[i] as Tensor, mom), g), ops.mul(params[i] as Tensor, wd)),
  );
  return {
    params: params.map((p, i) => ops.sub(p, ops.mul(moved[i] as Tensor, lr))),
    momentum: moved,
  };
}

/** The step whose learning rate, momentum and weight decay are learned. */
export function hpoStep(network: Network): Step<{ lr: Tensor; mom: Tensor; wd: Tensor }> {
  return (state, hyper, { x, y }, context) =>
    momentumStep(
      (params) => ops.mean(ops.softmaxCrossEntropy(network(params, x), y)),
      state,
      hyper,
      context,
    );
}

/** The meta-network of the reweighting golden, with its raw weights. */
export interface WeightNet<T> {
  readonly w1: T;
  readonly b1: T;
  readonly w2: T;
  readonly b2: T;
}

/** ℓ = mean w(ℓ_i) ℓ_i, with the gradient through the weights as well; v ← 0.9 v + g, θ ← θ − 0.1 v. */
export const reweightStep: Step<WeightNet<Tensor>> = (state, net, { x, y }, context) => {
  const weight = (loss: Tensor) => {
    const hidden = ops.add(
      ops.mul(ops.reshape(loss, [loss.shape[0] as number, 1]), net.w1),
      net.b1,
    );
    const positive = ops.maximum(hidden, 0);
    return ops.logistic(ops.add(ops.sum(ops.mul(positive, net.w2), { axes: [1] }), net.b2));
  };
  return momentumStep(
    (params) => {
      const losses = ops.softmaxCrossEntropy(mlp(params, x), y);
      return ops.mean(ops.mul(weight(losses), losses));
    },
    state,
    { lr: 0.1, mom: 0.9, wd: 0 },
    context,
  );
};

/** Mean of it over the validation data: ℓ̃. */
export function criterionOf(network: Network) {
  return ({ params }: TrainingState<Tensor>, _: unknown, { x, y }: Batch<Tensor>) =>
    ops.softmaxCrossEntropy(network(params, x), y);
}

/** max |a − b| / max |b|: how far an array is from a golden one, relative to the golden's largest entry. */
export function distance(actual: ArrayLike<number>, golden: Nested): number {
  const expected = flat(golden);
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const worst = expected.reduce((m, v, i) => Math.max(m, Math.abs((actual[i] as number) - v)), 0);
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst / scale;
}
