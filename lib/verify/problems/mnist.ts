/** Minibatch training on MNIST: a small MLP, and the paper's LeNet. */
import { datasets } from "../../data/index.js";
import type { Split } from "../../data/types.js";
import * as nn from "../../nn/index.js";
import { classifier, split } from "./classifier.js";
import { type AnyProblem, anyProblem } from "./problem.js";

/** Validation examples. */
export const VALIDATION = 2000;

const mlpModel = () =>
  nn.model(
    "mlp",
    nn.sequential({
      flatten: nn.flatten(),
      hidden: nn.linear(784, 32),
      act: nn.leakyRelu(),
      out: nn.linear(32, 10),
    }),
  );

export interface MnistOptions {
  readonly lr: number;
  readonly quick: boolean;
  readonly dir?: string;
}

/** As many of the first examples. */
function first({ x, y }: Split, count: number): Split {
  const size = x.data.length / (x.shape[0] as number);
  return {
    x: { data: x.data.subarray(0, count * size), shape: [count, ...x.shape.slice(1)] },
    y: { data: y.data.subarray(0, count), shape: [count] },
  };
}

async function mnist(model: nn.Model, { lr, quick, dir }: MnistOptions): Promise<AnyProblem> {
  const { train } = await datasets.mnist({ dir });
  const data = quick ? split(first(train, 600), 100) : split(train, VALIDATION);
  return anyProblem({
    problem: classifier({
      model,
      data,
      batchSize: quick ? 32 : 128,
      lr,
      momentum: 0.9,
      weightDecay: 1e-4,
    }),
    starts: quick ? [50] : [0, 50, 100, 200, 300],
    horizons: quick ? [150] : [150, 300, 500],
    ...(quick ? { orders: 2 } : {}),
  });
}

export const mlpMnist = (options: MnistOptions) => mnist(mlpModel(), options);
export const lenetMnist = (options: MnistOptions) => mnist(nn.lenet(), options);
