/**
 * Tangents that are carried from window to window, in float64: against one long window, against central
 * differences of whole training runs, and against the interpreter.
 */
import { describe, expect, test } from "vitest";
import { Problem } from "../../lib/hyper/problem.js";
import { examplesOf } from "../../lib/hyper/resident.js";
import { StepInputs, tangentStep } from "../../lib/hyper/step-programs.js";
import type { CarriedTangents } from "../../lib/hyper/tangents.js";
import {
  array,
  bilevel,
  type Estimator,
  glocal,
  learn,
  local,
  mean,
  ops,
  optim,
  type Tensor,
  type WindowReport,
  type WindowTrajectory,
} from "../../lib/index.js";
import { interpret } from "../../lib/reference/interpret.js";
import { type Float, linearProblem, regression, run, squaredErrors, windowsOf } from "./support.js";

const still = optim.sgd({ lr: 0 });
const STEPS = 20;
const BATCH = 4;

/** SGD with momentum and decay on a linear regression: three scalar hyperparameters and a vector of three. */
function momentumProblem(Type: Float = Float64Array, lr = 0.05) {
  const zeros = () => array(new Type(3));
  return {
    state: { w: array(Type.of(0.5, 0.5, 0.5)), v: zeros() },
    hyper: {
      lr: learn.exp(lr),
      momentum: learn.sigmoid(0.7),
      decay: learn.identity(array(Type.of(0.01, 0.02, 0.03))),
    },
    step: (
      { w, v }: { w: Tensor; v: Tensor },
      { lr: rate, momentum, decay }: { lr: Tensor; momentum: Tensor; decay: Tensor },
      { x, y }: { x: Tensor; y: Tensor },
      context: { report(name: "loss", value: Tensor): void },
    ) => {
      const rows = x.shape[0] as number;
      const error = ops.sub(ops.matmul(x, ops.reshape(w, [3, 1])), ops.reshape(y, [rows, 1]));
      context.report("loss", ops.mean(ops.square(error)));
      const data = ops.reshape(ops.mul(ops.matmul(ops.transpose(x), error), 2 / rows), [3]);
      // Tanh, so that the step is not linear and its Jacobian moves.
      const gradient = ops.add(ops.tanh(data), ops.mul(decay, w));
      const next = ops.add(ops.mul(v, momentum), gradient);
      return { w: ops.sub(w, ops.mul(next, rate)), v: next };
    },
    criterion: ({ w }: { w: Tensor }, _: unknown, batch: { x: Tensor; y: Tensor }) =>
      squaredErrors(w, batch),
    data: { train: regression(24, 1, Type), validation: regression(10, 2, Type) },
    steps: STEPS,
    batchSize: BATCH,
    outer: still,
    device: "cpu" as const,
    batches: {
      at: (t: number) => Int32Array.from({ length: BATCH }, (_, i) => (t * 7 + i * 5) % 24),
    },
  };
}

type Windows = WindowReport<Readonly<Record<string, number>>>[];

async function windowsWith(hypergradient: Estimator, overrides: object = {}): Promise<Windows> {
  return windowsOf(bilevel({ ...momentumProblem(), hypergradient, ...overrides } as never));
}

const flat = (window: WindowReport<never> | Windows[number] | undefined) =>
  Object.values(window?.hypergradient ?? {}).flat() as number[];

function expectClose(actual: readonly number[], wanted: readonly number[], tolerance = 1e-9): void {
  const scale = Math.max(...wanted.map(Math.abs));
  expect(scale).toBeGreaterThan(1e-6);
  expect(actual.length).toBe(wanted.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - (wanted[i] as number)) / scale, `entry ${i}`).toBeLessThan(tolerance);
  });
}

describe("carried without decay, with φ held", () => {
  test.each([
    ["all lanes at once", {}],
    ["lanes in chunks of two", { lanes: 2 }],
    ["lanes one by one", { lanes: 1 }],
  ])("every window's hypergradient is that of one window from the start: %s", async (_, how) => {
    const carried = await windowsWith(local({ window: 6, tangents: "carry" }), how);
    expect(carried.map((w) => w.step)).toEqual([6, 12, 18, 20]);
    for (const { step, ...window } of carried) {
      const [whole] = await windowsWith(local({ window: step }), { steps: step });
      expectClose(flat(window as Windows[number]), flat(whole));
    }
  });

  test("the whole trajectory of a window is, too", async () => {
    const { estimator, seen } = recorder({ window: 10, last: 10, tangents: "carry" });
    await windowsWith(estimator);
    const long = recorder({ window: 20, last: 20 });
    await windowsWith(long.estimator);
    const both = seen.flatMap(({ data }) => [...data]);
    expectClose(both, [...(long.seen[0] as WindowTrajectory).data]);
  });

  test("it is the derivative of the whole training: central differences", async () => {
    const last = flat((await windowsWith(local({ window: 5, tangents: "carry" }))).at(-1));
    const [eps, base] = [1e-3, momentumProblem()];
    const lossAt = async (entry: number, by: number) => {
      const d = base.hyper.decay.initial as { data: Float64Array };
      const moved = Float64Array.from(d.data, (v, i) => v + (entry - 2 === i ? by : 0));
      const hyper = {
        lr: entry === 0 ? learn.exp(0.05 * Math.exp(by)) : base.hyper.lr,
        momentum:
          entry === 1
            ? learn.sigmoid(1 / (1 + Math.exp(-Math.log(0.7 / 0.3) - by)))
            : base.hyper.momentum,
        decay: learn.identity(array(moved)),
      };
      const { result } = bilevel({ ...base, hyper, hypergradient: local({ window: 20 }) } as never);
      return (await result).validation.loss;
    };
    const slopes: number[] = [];
    for (let entry = 0; entry < 5; entry++) {
      const [u1, d1] = [await lossAt(entry, eps), await lossAt(entry, -eps)];
      const [u2, d2] = [await lossAt(entry, 2 * eps), await lossAt(entry, -2 * eps)];
      slopes.push((8 * (u1 - d1) - (u2 - d2)) / (12 * eps));
    }
    // As in differences.test.ts: what differences of this order can tell.
    expectClose(last, slopes, 1e-7);
  });

  test("float32 agrees with float64 to what it can hold", async () => {
    const estimator = local({ window: 5, tangents: "carry" });
    const wide = await windowsWith(estimator);
    const narrow = await windowsWith(estimator, momentumProblem(Float32Array));
    narrow.forEach((window, i) => {
      expectClose(flat(window), flat(wide[i]), 1e-4);
    });
  });
});

describe("the rules between the two", () => {
  test("decay 0 has the bits of reset, decay 1 those of carry", async () => {
    const of = async (tangents: CarriedTangents | "reset" | "carry") =>
      (await windowsWith(glocal({ window: 10, last: 8, stacks: 2, tangents }))).map(flat);
    expect(await of({ decay: 0 })).toEqual(await of("reset"));
    expect(await of({ decay: 1 })).toEqual(await of("carry"));
    expect(await of({ decay: 0.5 })).not.toEqual(await of("carry"));
  });

  test.each([
    ["γ = 0.6", { decay: 0.6 }, (_: number) => 0.6, Number.POSITIVE_INFINITY],
    [
      "γ by the steps done",
      { decay: ({ stepsDone }) => 1 / stepsDone },
      (done: number) => 1 / done,
      Number.POSITIVE_INFINITY,
    ],
    ["clipped", { decay: 0.9, clip: 0.05 }, (_: number) => 0.9, 0.05],
    ["clipped, now and then", { clip: 0.3 }, (_: number) => 1, 0.3],
  ] satisfies [string, CarriedTangents, (done: number) => number, number][])(
    "%s equals the recursion as the interpreter computes it",
    async (_, tangents, gamma, clip) => {
      for (const window of [5, 24]) {
        const steps = 2 * window;
        const found = await windowsWith(local({ window, tangents }), { steps });
        const wanted = interpreted(gamma, clip, window, steps);
        expect(found.map(flat).length).toBe(wanted.length);
        found.forEach((report, i) => {
          const { hypergradient, norm, clipped } = wanted[i] as Reference;
          expectClose(flat(report), hypergradient);
          expect(report.tangents?.norm).toBeCloseTo(norm, 12);
          expect(report.tangents?.clipped).toBe(clipped);
        });
        if (clip < 1) expect(found.some((w) => (w.tangents?.clipped ?? 0) > 0)).toBe(true);
      }
    },
  );

  test("between the points of a trajectory nothing is clipped", async () => {
    const trajectories = async (last: number) => {
      const { estimator, seen } = recorder({ window: 24, last, tangents: { clip: 0.05 } });
      await windowsWith(estimator, { steps: 24 });
      return seen.map(({ data, size }) => [...data.slice(-size)])[0] as number[];
    };
    // Of 24 steps, after 10 and 20; after 10, where 20 is among the points; after none.
    const [all, one, none] = [await trajectories(4), await trajectories(5), await trajectories(20)];
    expect(all).toEqual(await trajectories(1));
    expect(one).toEqual(await trajectories(14));
    expect(none).toEqual(await trajectories(15));
    expect(new Set([all, one, none].map(String)).size).toBe(3);
  });

  test("horizon looks back on as many steps as are left, or were done while those are fewer", async () => {
    const steps = 47;
    const tangents = { decay: "horizon" } as const;
    const windows = await windowsWith(local({ window: 5, tangents }), { steps });
    for (const { step, tangents: report } of windows) {
      const window = Math.min(5, step - 5 * Math.floor((step - 1) / 5));
      const wanted = Math.max(window, Math.min(step, steps - step));
      expect(report?.memory, `after ${step} steps`).toBeCloseTo(wanted, 12);
    }
    expect(windows.at(-1)?.tangents?.decay).toBe(0);
  });

  test("a reset study says nothing of tangents", async () => {
    const [window] = await windowsWith(local({ window: 5 }));
    expect(window).not.toHaveProperty("tangents");
  });

  test("an estimator is told how far its hypergradients look back", async () => {
    const { estimator, seen } = recorder({ window: 10, last: 2, tangents: { decay: 0.5 } });
    await windowsWith(estimator);
    expect(seen.map((w) => w.memory)).toEqual([10, 15]);
  });
});

interface Reference {
  readonly hypergradient: number[];
  /** As the window began, largest. */
  readonly norm: number;
  /** Lanes that were shortened at its start or after a multiple of ten of its steps. */
  readonly clipped: number;
}

/** Z ← γ Z at each window's start, clipped there and every ten steps, then the traced step with tangents, node by node in float64. */
function interpreted(
  gamma: (done: number) => number,
  clip: number,
  window: number,
  steps: number,
): Reference[] {
  const options = momentumProblem();
  const problem = new Problem(options.state, options.hyper, options as never);
  const train = examplesOf(options.data.train, "training");
  const lanes = 5;
  const { graph } = tangentStep(problem, new StepInputs(problem, train, BATCH), lanes);
  const raw = [...problem.hyper.initial()];
  const phi = [raw.slice(0, 1), raw.slice(1, 2), raw.slice(2)];
  const seeds = problem.hyper.leaves.map(({ offset, size }) => {
    const seed = new Float64Array(lanes * size);
    for (let i = 0; i < size; i++) seed[(offset + i) * size + i] = 1;
    return seed;
  });
  let state: Float64Array[] = problem.initial.map(({ data }) => Float64Array.from(data));
  let tangents: Float64Array[] = state.map(({ length }) => new Float64Array(lanes * length));
  const found: Reference[] = [];
  const lengthOf = (leaves: readonly Float64Array[]) =>
    Math.hypot(...leaves.flatMap((leaf) => [...leaf]));
  const scales = problem.hyper.scales(Float64Array.from(raw));
  let norm = 0;
  const shortened = new Set<number>();
  for (let t = 0; t < steps; t++) {
    const begins = t % window === 0;
    if (begins) shortened.clear();
    if (t > 0 && (begins || (t % window) % 10 === 0)) {
      const decay = begins ? gamma(t) : 1;
      const norms = Array.from({ length: lanes }, (_, lane) =>
        lengthOf(tangents.map((z) => z.slice(lane * 3, lane * 3 + 3))),
      );
      const factors = norms.map((each, lane) =>
        Math.min(decay, (clip * lengthOf(state)) / (each * (scales[lane] as number))),
      );
      tangents = tangents.map((z) => z.map((v, i) => v * (factors[Math.floor(i / 3)] as number)));
      if (begins) norm = Math.max(...norms);
      factors.forEach((factor, lane) => {
        if (factor < decay) shortened.add(lane);
      });
    }
    const next = interpret(
      graph,
      [
        ...state,
        ...phi,
        ...train.leaves.map(({ data }) => Array.from(data)),
        options.batches.at(t),
        [t],
        [0, t],
        ...tangents,
        ...seeds,
      ],
      lanes,
    );
    [state, tangents] = [next.slice(0, 2), next.slice(3)];
    if (t % window === window - 1) {
      const hypergradient = contracted(state, tangents, lanes);
      found.push({ hypergradient, norm, clipped: shortened.size });
    }
  }
  return found;
}

/** Zᵀ ∇ℓ̃ by hand: d/dw of the mean squared error on the validation data. */
function contracted(state: Float64Array[], tangents: Float64Array[], lanes: number): number[] {
  const { x, y } = regression(10, 2);
  const [w, z] = [state[0] as Float64Array, tangents[0] as Float64Array];
  const gradient = [0, 0, 0];
  for (let row = 0; row < 10; row++) {
    const features = Array.from(x.data.slice(row * 3, row * 3 + 3));
    const error = features.reduce((a, v, i) => a + v * (w[i] as number), -(y.data[row] as number));
    for (let i = 0; i < 3; i++)
      gradient[i] = (gradient[i] as number) + (2 * error * (features[i] as number)) / 10;
  }
  return Array.from({ length: lanes }, (_, lane) =>
    gradient.reduce((a, g, i) => a + g * (z[lane * 3 + i] as number), 0),
  );
}

function recorder(settings: Pick<Estimator, "window" | "last" | "tangents">) {
  const seen: WindowTrajectory[] = [];
  const estimator: Estimator = {
    ...local(),
    ...settings,
    begin: () => ({
      estimate: (window) => {
        seen.push(window);
        return { gradient: new Float64Array(window.size), eigenvalues: null, fallback: null };
      },
    }),
  };
  return { estimator, seen };
}

describe("tangents that stop being finite", () => {
  /** A direction that training never sees grows tenfold a step; its tangents do, too, unless they are reset. */
  const growing = (Type: Float, overrides: object = {}) => ({
    ...momentumProblem(Type),
    state: { w: array(Type.of(0)), ghost: array(Type.of(0)) },
    hyper: { lr: learn.identity(0.1) },
    step: (
      { w, ghost }: { w: Tensor; ghost: Tensor },
      { lr }: { lr: Tensor },
      _: unknown,
      context: { report(name: "loss", value: Tensor): void },
    ) => {
      context.report("loss", ops.sum(w));
      const off = ops.mul(ops.sub(lr, ops.stopGradient(lr)), 1);
      return { w: ops.add(w, lr), ghost: ops.add(ops.mul(ghost, 10), off) };
    },
    criterion: ({ w, ghost }: { w: Tensor; ghost: Tensor }, _: unknown, { y }: { y: Tensor }) =>
      ops.mul(ops.add(ops.sum(w), ops.sum(ghost)), ops.add(ops.mul(y, 0), 1)),
    steps: 60,
    hypergradient: local({ window: 10, tangents: "carry" }),
    ...overrides,
  });
  const study = (options: object) => bilevel(options as never);

  test("leave the study going: the update is left out, the next window begins at zero", async () => {
    const hypergradient = local({ window: 20, tangents: "carry" });
    const running = study(growing(Float32Array, { hypergradient }));
    const windows = (await windowsOf(running)) as Windows;
    // Some 10¹⁹ after the first window and 10³⁹, which float32 does not hold, after the second.
    expect(windows.map((w) => w.hypergradient === null)).toEqual([false, true, false]);
    expect(windows[1]?.fallback).toMatch(/not finite: nothing was updated/);
    expect(windows[1]?.tangents).toMatchObject({ decay: 1, memory: 40, reset: 1 });
    expect(windows[2]?.tangents).toEqual({ decay: 0, memory: 20, norm: 0, clipped: 0, reset: 0 });
    expect(flat(windows[2])).toEqual(flat(windows[0]));
    expect(await running.result).toMatchObject({
      steps: 60,
      fallbacks: 1,
      resets: 1,
      clips: 0,
      diverged: null,
    });
  });

  test("are found at a window's start where the criterion does not see them", async () => {
    const unseen = growing(Float32Array, {
      criterion: ({ w }: { w: Tensor }, _: unknown, { y }: { y: Tensor }) =>
        ops.mul(ops.sum(w), ops.add(ops.mul(y, 0), 1)),
    });
    const running = study(unseen);
    const windows = (await windowsOf(running)) as Windows;
    const at = windows.findIndex((w) => (w.tangents?.reset ?? 0) > 0);
    expect(at).toBeGreaterThan(0);
    expect(windows[at]?.tangents?.norm).toBe(Number.POSITIVE_INFINITY);
    // From zero again: w has gained one lr a step since.
    expect(flat(windows[at])[0]).toBeCloseTo(10, 5);
    expect(windows.every((w) => w.fallback === null)).toBe(true);
    expect((await running.result).resets).toBeGreaterThan(0);
  });

  test("never get there with clip, and with decay", async () => {
    for (const tangents of [{ clip: 1e3 }, { decay: 1e-9 }]) {
      const hypergradient = local({ window: 10, tangents });
      const running = study(growing(Float32Array, { hypergradient }));
      const windows = (await windowsOf(running)) as Windows;
      expect(windows.every((w) => w.hypergradient)).toBe(true);
      const { resets, clips, fallbacks } = await running.result;
      expect({ resets, fallbacks }).toEqual({ resets: 0, fallbacks: 0 });
      expect(clips).toBe(tangents.clip ? 5 : 0);
    }
  });

  test("are a divergence where they are not carried", async () => {
    const hypergradient = local({ window: 60 });
    await expect(study(growing(Float32Array, { hypergradient })).result).rejects.toMatchObject({
      code: "GLOCAL_DIVERGED",
      divergence: { what: "hypergradient" },
    });
  });

  test("do not hide that training diverges", async () => {
    const diverging = linearProblem({
      hyper: { lr: learn.exp(400) },
      hypergradient: local({ window: 20, tangents: "carry" }),
      outer: still,
      steps: 300,
    });
    await expect(bilevel(diverging).result).rejects.toMatchObject({
      code: "GLOCAL_DIVERGED",
      divergence: { what: expect.stringMatching(/loss/) },
    });
  });
});

describe("estimators of carried tangents", () => {
  test("local, mean and glocal see the same trajectories", async () => {
    const shape = { window: 10, tangents: "carry" } as const;
    const { estimator, seen } = recorder({ ...shape, last: 4 });
    await windowsWith(estimator);
    const means = await windowsWith(mean(4, shape));
    const lasts = await windowsWith(local(shape));
    seen.forEach(({ data, size }, i) => {
      const column = (j: number) => [0, 1, 2, 3].map((p) => data[p * size + j] as number);
      const wanted = Array.from({ length: size }, (_, j) => column(j).reduce((a, b) => a + b) / 4);
      expectClose(flat(means[i]), wanted, 1e-14);
      expectClose(flat(lasts[i]), [...data.slice(3 * size)], 1e-14);
    });
  });

  test("a decay function is told where the study stands, and held to [0, 1]", async () => {
    const seen: object[] = [];
    const decay = (progress: object) => {
      seen.push(progress);
      return 0.5;
    };
    await run(linearProblem({ hypergradient: local({ window: 8, tangents: { decay } }) }));
    expect(seen).toEqual([
      { stepsDone: 8, stepsLeft: 12, window: 8 },
      { stepsDone: 16, stepsLeft: 4, window: 4 },
    ]);
    const bad = local({ window: 8, tangents: { decay: () => 1.5 } });
    await expect(bilevel(linearProblem({ hypergradient: bad })).result).rejects.toMatchObject({
      code: "GLOCAL_BAD_OPTION",
      message: expect.stringMatching(/from 0 to 1 but received 1.5 after 8 steps/),
    });
  });
});
