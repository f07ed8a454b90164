/**
 * Hypergradients against central differences of whole training runs, in float64.
 *
 * Fourth-order differences with step 1e-3 in the unconstrained value: their error is of the order
 * of 1e-12 of the fifth derivative and, from rounding, 1e-16 / 1e-3 of the loss. Held to 1e-7 of
 * the largest hypergradient, in forward and in reverse mode.
 */
import { describe, expect, test } from "vitest";
import {
  array,
  bilevel,
  type HostArray,
  learn,
  local,
  nn,
  none,
  ops,
  optim,
  type Tensor,
} from "../../lib/index.js";
import type { Module, Params } from "../../lib/nn/module.js";
import type { Hyperparameter } from "../../lib/optim/hyperparameter.js";
import type { Optimizer } from "../../lib/optim/optimizer.js";
import { tracedValueAndGrad } from "../../lib/transform/grad.js";
import { noise, randomArray } from "./support.js";

const STEPS = 5;
const EPS = 1e-3;

type Learned = Readonly<Record<string, Hyperparameter>>;

/** A study of one window, over all of the training, of whatever is given. */
interface Case {
  readonly network: nn.Model;
  readonly image: readonly number[];
  readonly inner: (hyper: Readonly<Record<string, Hyperparameter | number>>) => Optimizer;
  readonly learned: Learned;
  /** Added to each validation loss: how the criterion depends on φ itself. */
  readonly direct?: (hyper: Readonly<Record<string, Tensor>>) => Tensor;
}

const leaves = (tree: unknown): Tensor[] =>
  tree && typeof tree === "object" && "builder" in tree
    ? [tree as Tensor]
    : Object.values(tree as object).flatMap(leaves);

function rebuild(tree: unknown, values: Tensor[]): unknown {
  if (tree && typeof tree === "object" && "builder" in tree) return values.shift();
  return Object.fromEntries(
    Object.entries(tree as object).map(([key, child]) => [key, rebuild(child, values)]),
  );
}

async function study(of: Case, hyper: Learned, mode: "forward" | "reverse" | "none") {
  const { network, image, direct } = of;
  const inner = of.inner(hyper);
  const params = network.initialize(3, "float64");
  const arrays = (tree: unknown): HostArray[] =>
    tree && typeof tree === "object" && "data" in tree
      ? [tree as HostArray]
      : Object.values(tree as object).flatMap(arrays);
  const zeros = () =>
    arrays(params).map(({ data, shape }) => array(new Float64Array(data.length), shape));
  const labels = (n: number) => array(Int32Array.from({ length: n }, (_, i) => (i * 5) % 3));
  const split = (n: number, seed: number) => ({
    x: randomArray([n, ...image], seed, Float64Array),
    y: labels(n),
  });
  const loss = (p: unknown, x: Tensor, y: Tensor, context: Parameters<Module["apply"]>[2]) =>
    ops.softmaxCrossEntropy(network.apply(p as Params, x, context), y);
  const { result, windows } = await collect(
    bilevel({
      state: { params, buffers: Object.fromEntries(inner.buffers.map((b) => [b, zeros()])) },
      hyper: inner.hyper,
      step: (state, settings, { x, y }, context) => {
        const objective = (p: unknown) => ops.mean(loss(p, x, y, context));
        const [value, gradient] = tracedValueAndGrad(objective, [state.params], 0);
        context.report("loss", value);
        const next = inner.update({
          params: leaves(state.params),
          grads: leaves(gradient),
          state: state.buffers as never,
          hyper: settings,
          step: context.step,
        });
        const moved = rebuild(state.params, [...next.params]) as typeof state.params;
        return { params: moved, buffers: next.state as never };
      },
      criterion: (state, settings, { x, y }, context) => {
        const each = loss(state.params, x, y, context);
        return direct ? ops.add(each, direct(settings)) : each;
      },
      data: { train: split(STEPS * 4, 11), validation: split(6, 12) },
      steps: STEPS,
      batchSize: 4,
      hypergradient: mode === "none" ? none({ window: STEPS }) : local({ window: STEPS }),
      outer: optim.sgd({ lr: 0 }),
      device: "cpu",
      ...(mode === "none" ? {} : { mode }),
    }),
  );
  return { loss: result.validation.loss, hypergradient: windows[0]?.hypergradient };
}

async function collect<W, R>(of: AsyncIterable<W> & { result: Promise<R> }) {
  const windows: W[] = [];
  for await (const w of of) windows.push(w);
  return { windows, result: await of.result };
}

/** The same hyperparameter with its unconstrained value moved. */
const shifted = (h: Hyperparameter, by: number): Hyperparameter => ({
  ...h,
  initial: h.value(h.unconstrain(h.initial as number) + by),
});

async function expectDifferences(of: Case): Promise<void> {
  const names = Object.keys(of.learned);
  const slopes: number[] = [];
  for (const name of names) {
    const at = async (by: number) => {
      const hyper = { ...of.learned, [name]: shifted(of.learned[name] as Hyperparameter, by) };
      return (await study(of, hyper, "none")).loss;
    };
    const [u1, d1, u2, d2] = [await at(EPS), await at(-EPS), await at(2 * EPS), await at(-2 * EPS)];
    slopes.push((8 * (u1 - d1) - (u2 - d2)) / (12 * EPS));
  }
  const scale = Math.max(...slopes.map(Math.abs));
  expect(scale).toBeGreaterThan(1e-6);
  for (const mode of ["forward", "reverse"] as const) {
    const { hypergradient } = await study(of, of.learned, mode);
    names.forEach((name, i) => {
      const error = Math.abs((hypergradient?.[name] as number) - (slopes[i] as number)) / scale;
      expect(error, `${name} in ${mode} mode`).toBeLessThan(1e-7);
    });
  }
}

const sgd = (hyper: Readonly<Record<string, Hyperparameter | number>>) =>
  optim.sgd({ lr: 0.1, ...hyper });
const adam = (hyper: Readonly<Record<string, Hyperparameter | number>>) =>
  optim.adam({ lr: 0.02, ...hyper });

const rates = {
  lr: learn.sigmoid(0.1),
  momentum: learn.sigmoid(0.8),
  weightDecay: learn.sigmoid(0.02),
};

/** A layer under test between a convolution and a linear layer. */
const around = (layer: Module, features: number) =>
  nn.model(
    "case",
    nn.sequential({
      conv: nn.conv2d(1, 4, { kernel: 3 }),
      layer,
      flatten: nn.flatten(),
      linear: nn.linear(features, 3),
    }),
  );

describe("through layers", () => {
  const image = [6, 6, 1];
  const cases: Record<string, { layer: Module; features: number }> = {
    "convolution with stride and padding": {
      layer: nn.conv2d(4, 3, { kernel: [2, 3], stride: 2, padding: 1 }),
      features: 18,
    },
    groupNorm: { layer: nn.groupNorm(4, 2), features: 64 },
    "average pooling": { layer: nn.avgPool(), features: 16 },
    "maximum pooling": { layer: nn.maxPool({ window: 3, stride: 1 }), features: 16 },
    "global average pooling": {
      layer: nn.sequential({
        pool: nn.globalAvgPool(),
        wide: nn.stateless((_, x) => ops.reshape(x, [x.shape[0] as number, 1, 1, 4])),
      }),
      features: 4,
    },
    "dropout, whose key repeats with the step": { layer: nn.dropout(0.3), features: 64 },
    "leaky ReLU": { layer: nn.leakyRelu(0.2), features: 64 },
    tanh: { layer: nn.tanh(), features: 64 },
    sigmoid: { layer: nn.sigmoid(), features: 64 },
  };
  test.each(Object.entries(cases))("%s", async (_, { layer, features }) => {
    await expectDifferences({
      network: around(layer, features),
      image,
      inner: sgd,
      learned: rates,
    });
  });
});

const dense = nn.model(
  "dense",
  nn.sequential({ first: nn.linear(5, 4), act: nn.tanh(), second: nn.linear(4, 3) }),
);
const plain = { network: dense, image: [5] };

describe("through inner optimizers", () => {
  test("sgd: learning rate alone, without momentum", async () => {
    await expectDifferences({ ...plain, inner: sgd, learned: { lr: learn.sigmoid(0.2) } });
  });

  test("adam: learning rate, both decays and weight decay", async () => {
    const learned = {
      lr: learn.sigmoid(0.05),
      beta1: learn.sigmoid(0.8),
      beta2: learn.sigmoid(0.95),
      weightDecay: learn.sigmoid(0.1),
    };
    await expectDifferences({ ...plain, inner: adam, learned });
  });

  test("adam through convolution and groupNorm", async () => {
    await expectDifferences({
      network: around(nn.groupNorm(4, 2), 64),
      image: [6, 6, 1],
      inner: adam,
      learned: { lr: learn.exp(0.02), beta1: learn.sigmoid(0.7) },
    });
  });
});

describe("through constraints", () => {
  test.each(["sigmoid", "softplus", "exp", "identity"] as const)("learn.%s", async (name) => {
    const constraint = learn[name];
    await expectDifferences({
      ...plain,
      inner: sgd,
      learned: { lr: constraint(0.3), momentum: constraint(0.5), weightDecay: constraint(0.05) },
    });
  });
});

test("with a criterion that depends on φ itself, ∂_φ ℓ̃ is in the hypergradient", async () => {
  const learned = { lr: learn.sigmoid(0.2), weightDecay: learn.exp(0.05) };
  const direct = (hyper: Readonly<Record<string, Tensor>>) =>
    ops.mul(ops.square(hyper.weightDecay as Tensor), 40);
  const with_ = { ...plain, inner: sgd, learned, direct };
  await expectDifferences(with_);
  const without = await study({ ...plain, inner: sgd, learned }, learned, "forward");
  const whole = await study(with_, learned, "forward");
  const [a, b] = [whole, without].map((s) => s.hypergradient?.weightDecay as number);
  // d/dφ 40 exp(φ)² = 80 · 0.05².
  expect((a as number) - (b as number)).toBeCloseTo(80 * 0.05 ** 2, 12);
});

test("for a tree of learned arrays, entry by entry", async () => {
  const start = Array.from({ length: 4 }, noise(5));
  const lossAt = async (values: readonly number[], estimator = none({ window: 4 })) => {
    const { result, windows } = await collect(
      bilevel({
        state: { w: array(Float64Array.of(1, -0.5, 0.3, 2)) },
        hyper: { net: { scale: learn.identity(array(Float64Array.from(values))) }, rate: 0.1 },
        step: ({ w }, { net, rate }, { x }) => ({
          w: ops.sub(w, ops.mul(ops.sum(ops.mul(ops.sin(ops.mul(w, net.scale)), x)), rate)),
        }),
        criterion: ({ w }, _, { x }) => ops.sum(ops.mul(ops.square(w), x), { axes: [1] }),
        data: {
          train: { x: randomArray([8, 4], 1, Float64Array) },
          validation: { x: randomArray([5, 4], 2, Float64Array) },
        },
        steps: 4,
        batchSize: 2,
        hypergradient: estimator,
        outer: optim.sgd({ lr: 0 }),
        device: "cpu",
      }),
    );
    return { loss: result.validation.loss, gradient: windows[0]?.hypergradient?.["net.scale"] };
  };
  const { gradient } = await lossAt(start, local({ window: 4 }));
  for (let i = 0; i < start.length; i++) {
    const at = async (by: number) =>
      (await lossAt(start.map((v, j) => (i === j ? v + by : v)))).loss;
    const slope =
      (8 * ((await at(EPS)) - (await at(-EPS))) - ((await at(2 * EPS)) - (await at(-2 * EPS)))) /
      (12 * EPS);
    const own = (gradient as readonly number[])[i] as number;
    expect(Math.abs(own - slope)).toBeLessThan(1e-7 * Math.max(1, Math.abs(slope)));
  }
});
