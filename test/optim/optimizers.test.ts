/**
 * The optimizers against loops written by hand in float64, on the gradients of a fixed quadratic.
 * Both do the same few operations in an order that may differ: 1e-14 of values near 1.
 */
import { describe, expect, test } from "vitest";
import {
  array,
  bilevel,
  type Estimator,
  jit,
  learn,
  none,
  ops,
  optim,
  type Tensor,
} from "../../lib/index.js";
import type { Optimizer } from "../../lib/optim/index.js";

const START = [1.5, -0.75, 0.25];
const STEPS = 12;
const gradientAt = (w: readonly number[]) => w.map((x, i) => (i + 1) * x - 0.5);

/** The weights after each step, as the optimizer gives them on the device. */
async function trained(optimizer: Optimizer): Promise<number[][]> {
  const path: number[][] = [];
  const one = async (steps: number) =>
    bilevel({
      state: {
        w: array(Float64Array.from(START)),
        buffers: Object.fromEntries(
          optimizer.buffers.map((name) => [name, [array(new Float64Array(3))]]),
        ),
      },
      hyper: optimizer.hyper,
      step: ({ w, buffers }, hyper, _, { step }) => {
        const slope = ops.literal(array(Float64Array.of(1, 2, 3)));
        const gradient = ops.sub(ops.mul(w, slope), 0.5);
        const next = optimizer.update({
          params: [w],
          grads: [gradient],
          state: buffers,
          hyper: hyper as Record<string, Tensor>,
          step,
        });
        return { w: next.params[0] as Tensor, buffers: next.state } as never;
      },
      criterion: ({ w }, _, { x }) => ops.mul(x, ops.sum(w)),
      data: {
        train: { x: array(new Float64Array(1)) },
        validation: { x: array(new Float64Array(1)) },
      },
      steps,
      batchSize: 1,
      hypergradient: none({ window: steps }),
      device: "cpu",
    }).result;
  for (let t = 1; t <= STEPS; t++) path.push([...(await one(t)).state.w.data]);
  return path;
}

function expectPath(actual: readonly number[][], expected: readonly number[][]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((point, t) => {
    point.forEach((value, i) => {
      const error = Math.abs((actual[t]?.[i] as number) - value);
      expect(error, `entry ${i} after step ${t + 1}`).toBeLessThan(1e-14);
    });
  });
}

function sgdByHand(lr: number, momentum: number, weightDecay: number): number[][] {
  let w = [...START];
  let v = w.map(() => 0);
  return Array.from({ length: STEPS }, () => {
    const g = gradientAt(w).map((x, i) => x + weightDecay * (w[i] as number));
    v = v.map((x, i) => momentum * x + (g[i] as number));
    w = w.map((x, i) => x - lr * (v[i] as number));
    return w;
  });
}

interface AdamByHand {
  lr: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

function adamByHand({ lr, beta1, beta2, epsilon, weightDecay }: AdamByHand): number[][] {
  let w = [...START];
  let m = w.map(() => 0);
  let v = w.map(() => 0);
  return Array.from({ length: STEPS }, (_, t) => {
    const g = gradientAt(w).map((x, i) => x + weightDecay * (w[i] as number));
    m = m.map((x, i) => beta1 * x + (1 - beta1) * (g[i] as number));
    v = v.map((x, i) => beta2 * x + (1 - beta2) * (g[i] as number) ** 2);
    w = w.map((x, i) => {
      const mean = (m[i] as number) / (1 - beta1 ** (t + 1));
      const square = (v[i] as number) / (1 - beta2 ** (t + 1));
      return x - (lr * mean) / (Math.sqrt(square) + epsilon);
    });
    return w;
  });
}

describe("sgd", () => {
  test("with momentum and coupled weight decay", async () => {
    const optimizer = optim.sgd({ lr: 0.1, momentum: 0.9, weightDecay: 0.05 });
    expectPath(await trained(optimizer), sgdByHand(0.1, 0.9, 0.05));
  });

  test("without momentum keeps no buffer", async () => {
    const optimizer = optim.sgd({ lr: 0.2, weightDecay: 0.05 });
    expect(optimizer.buffers).toEqual([]);
    expectPath(await trained(optimizer), sgdByHand(0.2, 0, 0.05));
  });

  test("with learned settings uses their constrained values", async () => {
    const optimizer = optim.sgd({ lr: learn.sigmoid(0.1), momentum: learn.softplus(0.5) });
    expectPath(await trained(optimizer), sgdByHand(0.1, 0.5, 0));
  });
});

describe("adam", () => {
  test("with every setting given", async () => {
    const settings = { lr: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 };
    expectPath(await trained(optim.adam(settings)), adamByHand(settings));
  });

  test("with its defaults", async () => {
    const usual = { lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    expectPath(await trained(optim.adam()), adamByHand(usual));
  });

  test("moves by lr in its first step, whatever the gradient's size", () => {
    const { update } = optim.adam({ lr: 0.25, epsilon: 0 });
    const step = jit((w: Tensor, g: Tensor) => {
      const zero = ops.zeros([2], "float64");
      const state = { mean: [zero], square: [zero] };
      const hyper = { lr: 0.25, beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0 };
      const counter = ops.zeros([], "int32");
      return update({ params: [w], grads: [g], state, hyper, step: counter }).params[0] as Tensor;
    });
    const { data } = step(Float64Array.of(1, 1), Float64Array.of(1e-5, -1e5));
    expect(data[0]).toBeCloseTo(0.75, 12);
    expect(data[1]).toBeCloseTo(1.25, 12);
  });

  test("leaves a parameter whose gradient has always been zero where it is", async () => {
    const { update } = optim.adam({ lr: 0.25 });
    const step = jit((w: Tensor) => {
      const zero = ops.zeros([1], "float64");
      const state = { mean: [zero], square: [zero] };
      const hyper = { lr: 0.25, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
      const counter = ops.zeros([], "int32");
      return update({ params: [w], grads: [zero], state, hyper, step: counter })
        .params[0] as Tensor;
    });
    expect(step(Float64Array.of(2)).data[0]).toBe(2);
  });
});

describe("as outer optimizer", () => {
  const gradients = [0.5, -2, 0.1, 3];

  /** Hyperparameters after each window whose hypergradients are as given. */
  async function outerPath(outer: Optimizer): Promise<number[]> {
    let at = 0;
    const scripted: Estimator = {
      name: "scripted",
      horizon: "window",
      window: 1,
      last: 1,
      estimate: () => ({
        gradient: Float64Array.of(gradients[at++] as number),
        eigenvalues: null,
        fallback: null,
      }),
    };
    const { schedule, hyper } = await bilevel({
      state: { w: array(Float64Array.of(1)) },
      hyper: { rate: learn.identity(0.7) },
      step: ({ w }, { rate }) => ({ w: ops.mul(w, rate) }),
      criterion: ({ w }, _, { x }) => ops.mul(x, ops.sum(w)),
      data: {
        train: { x: array(Float64Array.of(1)) },
        validation: { x: array(Float64Array.of(1)) },
      },
      steps: gradients.length,
      batchSize: 1,
      hypergradient: scripted,
      outer,
      device: "cpu",
    }).result;
    return [...schedule.slice(1).map((s) => s.hyper.rate), hyper.rate] as number[];
  }

  test("adam moves φ by bias-corrected moments", async () => {
    let [phi, m, v] = [0.7, 0, 0];
    const expected = gradients.map((g, t) => {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      phi -= (0.05 * (m / (1 - 0.9 ** (t + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8);
      return phi;
    });
    expectPath([await outerPath(optim.adam({ lr: 0.05 }))], [expected]);
  });

  test("adam is the default, with lr 0.05", async () => {
    expect(await outerPath(undefined as never)).toEqual(await outerPath(optim.adam({ lr: 0.05 })));
  });

  test("sgd with momentum moves φ by a velocity", async () => {
    let [phi, v] = [0.7, 0];
    const expected = gradients.map((g) => {
      v = 0.5 * v + g;
      phi -= 0.1 * v;
      return phi;
    });
    expectPath([await outerPath(optim.sgd({ lr: 0.1, momentum: 0.5 }))], [expected]);
  });
});

describe("settings", () => {
  const refused = (make: () => unknown) => {
    try {
      make();
      return undefined;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };

  test.each([
    ["sgd without lr", () => optim.sgd({} as never)],
    ["sgd without options", () => optim.sgd(undefined as never)],
    ["sgd with a negative lr", () => optim.sgd({ lr: -0.1 })],
    ["sgd with momentum 1", () => optim.sgd({ lr: 0.1, momentum: 1 })],
    ["sgd with a learned momentum of 1.5", () => optim.sgd({ lr: 0.1, momentum: learn.exp(1.5) })],
    ["sgd with text", () => optim.sgd({ lr: "0.1" } as never)],
    ["sgd with null", () => optim.sgd({ lr: null } as never)],
    ["sgd with NaN", () => optim.sgd({ lr: Number.NaN })],
    ["sgd with beta1", () => optim.sgd({ lr: 0.1, beta1: 0.9 } as never)],
    ["adam with beta2 1", () => optim.adam({ beta2: 1 })],
    ["adam with momentum", () => optim.adam({ momentum: 0.9 } as never)],
  ])("%s are refused", (_, make) => {
    expect(refused(make)).toBe("GLOCAL_BAD_OPTION");
  });

  test("that are undefined count as absent", () => {
    expect(optim.sgd({ lr: 0.1, momentum: undefined } as never)).toMatchObject({
      hyper: { lr: 0.1, momentum: 0, weightDecay: 0 },
      buffers: [],
    });
    expect(optim.adam({ lr: undefined } as never).hyper.lr).toBe(0.001);
  });

  test("are reported in the order lr, momentum, weightDecay, however they are written", () => {
    const { hyper } = optim.sgd({ weightDecay: 0.1, momentum: 0.2, lr: 0.3 });
    expect(Object.keys(hyper)).toEqual(["lr", "momentum", "weightDecay"]);
  });
});
