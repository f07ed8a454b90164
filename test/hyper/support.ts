/** Small problems whose studies are quick, and what the tests of studies have in common. */
import {
  array,
  type BilevelOptions,
  bilevel,
  type Dataset,
  type HostArray,
  learn,
  nn,
  ops,
  type Split,
  type Tensor,
  type WindowReport,
} from "../../lib/index.js";

export type Float = typeof Float32Array | typeof Float64Array;

/** Numbers in (−1, 1) that are a pure function of the seed: a multiplicative congruential generator. */
export function noise(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  };
}

export function randomArray(shape: readonly number[], seed: number, Type: Float): HostArray {
  const next = noise(seed);
  const size = shape.reduce((n, d) => n * d, 1);
  return { data: new Type(size).map(next), shape };
}

/** A regression: its training examples, held-out ones, and linear weights to start from. */
export interface Regression {
  readonly x: HostArray;
  readonly y: HostArray;
}

export function regression(count: number, seed: number, Type: Float = Float64Array): Regression {
  const x = randomArray([count, 3], seed, Type);
  const error = noise(seed + 7);
  const y = new Type(count).map((_, i) => {
    const [a, b, c] = x.data.subarray(i * 3, i * 3 + 3);
    return (a as number) - 2 * (b as number) + 0.5 * (c as number) + 0.3 * error();
  });
  return { x, y: { data: y, shape: [count] } };
}

interface Tensors {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** [n] squared errors of linear weights. */
export const squaredErrors = (w: Tensor, { x, y }: Tensors): Tensor =>
  ops.square(
    ops.sub(ops.reshape(ops.matmul(x, ops.reshape(w, [3, 1])), [y.shape[0] as number]), y),
  );

type Linear = BilevelOptions<
  { readonly w: HostArray },
  { readonly lr: ReturnType<typeof learn.exp> },
  Regression
>;

/** Options of a study that learns the learning rate of a linear regression, 20 steps in float64. */
export function linearProblem(overrides: Partial<Linear> = {}, Type: Float = Float64Array): Linear {
  return {
    state: { w: array(Type.of(0.5, 0.5, 0.5)) },
    hyper: { lr: learn.exp(0.05) },
    step: ({ w }, { lr }, { x, y }, context) => {
      // d/dw of the mean squared error, by hand: nothing here depends on `grad`.
      const rows = x.shape[0] as number;
      const error = ops.sub(ops.matmul(x, ops.reshape(w, [3, 1])), ops.reshape(y, [rows, 1]));
      context.report("loss", ops.mean(ops.square(error)));
      const gradient = ops.mul(ops.matmul(ops.transpose(x), error), 2 / rows);
      return { w: ops.sub(w, ops.mul(ops.reshape(gradient, [3]), lr)) };
    },
    criterion: ({ w }, _, batch) => squaredErrors(w, batch),
    data: { train: regression(24, 1, Type), validation: regression(10, 2, Type) },
    steps: 20,
    batchSize: 4,
    device: "cpu",
    ...overrides,
  };
}

export async function windowsOf<W>(study: AsyncIterable<W>): Promise<W[]> {
  const windows: W[] = [];
  for await (const window of study) windows.push(window);
  return windows;
}

export async function run(options: Linear) {
  const study = bilevel(options);
  const windows: WindowReport<Readonly<Record<string, number>>>[] = await windowsOf(study);
  return { windows, result: await study.result };
}

/** The bytes of arrays, for comparisons bit for bit. */
export const bytesOf = (tree: unknown): string =>
  JSON.stringify(tree, (_, value) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")
      : value,
  );

/** Images that can be told apart: each class lights up a row and a column of its own, under noise. */
export function stripes(settings: {
  count: number;
  seed: number;
  size?: number;
  classes?: number;
}): Split {
  const { count, seed, size = 28, classes = 10 } = settings;
  const next = noise(seed);
  const data = new Float32Array(count * size * size);
  const labels = Int32Array.from({ length: count }, (_, i) => (i * 7 + seed) % classes);
  labels.forEach((label, i) => {
    const at = 2 + Math.floor((label * (size - 4)) / classes);
    for (let r = 0; r < size; r++)
      for (let c = 0; c < size; c++)
        data[(i * size + r) * size + c] = (r === at || c === at ? 1.5 : 0) + 0.5 * next();
  });
  return { x: { data, shape: [count, size, size, 1] }, y: { data: labels, shape: [count] } };
}

export const stripesData = (train = 200, test = 50): Dataset => ({
  name: "stripes",
  classes: 10,
  train: stripes({ count: train, seed: 3 }),
  test: stripes({ count: test, seed: 4 }),
});

/** A classifier of 8×8 stripes that is quick enough for many studies: 4 classes, 87 parameters. */
export const smallModel = () =>
  nn.model(
    "small",
    nn.sequential({
      conv: nn.conv2d(1, 2, { kernel: 3 }),
      act: nn.tanh(),
      pool: nn.avgPool(),
      flatten: nn.flatten(),
      linear: nn.linear(18, 4),
    }),
  );

export const smallData = (): Dataset => ({
  name: "small stripes",
  classes: 4,
  train: stripes({ count: 60, seed: 3, size: 8, classes: 4 }),
  test: stripes({ count: 20, seed: 4, size: 8, classes: 4 }),
});
