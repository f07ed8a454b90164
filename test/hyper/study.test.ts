/** How a study runs: its windows, its result, its end. */
import { describe, expect, test } from "vitest";
import {
  bilevel,
  type Estimator,
  global,
  glocal,
  learn,
  local,
  none,
  ops,
  optim,
} from "../../lib/index.js";
import { recorder } from "../golden/recorder.js";
import { linearProblem, regression, run, squaredErrors, windowsOf } from "./support.js";

const still = optim.sgd({ lr: 0 });

describe("none", () => {
  test("trains without hypergradients and leaves the hyperparameters alone", async () => {
    const { windows, result } = await run(linearProblem({ hypergradient: none({ window: 8 }) }));
    expect(windows.map((w) => w.step)).toEqual([8, 16, 20]);
    for (const window of windows) {
      expect(window.hypergradient).toBeNull();
      expect(window.validation.loss).toBeNull();
      expect(window.hyper.lr).toBeCloseTo(0.05, 12);
      expect(window.train.loss).toBeGreaterThan(0);
    }
    expect(result.steps).toBe(20);
    expect(result.validation.loss).toBeGreaterThan(0);
  });

  test("needs no learned hyperparameter", async () => {
    const { step, criterion, ...rest } = linearProblem({ hypergradient: none() });
    const { result } = await run({ ...rest, hyper: { lr: 0.05 }, step, criterion } as never);
    expect(result.hyper).toEqual({});
    expect(result.steps).toBe(20);
  });
});

describe("local", () => {
  test("updates after every window by the gradient over that window", async () => {
    const { windows } = await run(
      linearProblem({ hypergradient: local({ window: 5 }), outer: optim.sgd({ lr: 0.1 }) }),
    );
    expect(windows.length).toBe(4);
    windows.slice(1).forEach((window, i) => {
      const before = windows[i] as typeof window;
      const moved =
        Math.log(before.hyper.lr as number) - 0.1 * (before.hypergradient?.lr as number);
      expect(Math.log(window.hyper.lr as number)).toBeCloseTo(moved, 12);
    });
  });

  test("gives the derivative of the validation loss after the window, by central differences", async () => {
    const window = 7;
    const lossAt = async (lr: number) =>
      (
        await run(
          linearProblem({
            hyper: { lr: learn.exp(lr) },
            hypergradient: local({ window }),
            steps: window,
            outer: still,
          }),
        )
      ).windows[0];
    const [at, up, down] = await Promise.all(
      [0, 1e-4, -1e-4].map((d) => lossAt(0.05 * Math.exp(d))),
    );
    const slope = ((up?.validation.loss as number) - (down?.validation.loss as number)) / 2e-4;
    // Differences of second order in 1e-4 err by about 1e-8 of a slope near 1.
    expect(Math.abs(slope - (at?.hypergradient?.lr as number))).toBeLessThan(1e-7);
  });
});

describe("global playout", () => {
  const playout = global({ window: 5 });

  test("gives the derivative of the loss at the end of training, by central differences of full runs", async () => {
    const { windows } = await run(linearProblem({ hypergradient: playout, outer: still }));
    const finalLoss = async (lr: number) =>
      (
        await run(
          linearProblem({ hyper: { lr: learn.exp(lr) }, hypergradient: none({ window: 20 }) }),
        )
      ).result.validation.loss;
    const slope =
      (await finalLoss(0.05 * Math.exp(1e-4))) - (await finalLoss(0.05 * Math.exp(-1e-4)));
    const first = windows[0]?.hypergradient?.lr as number;
    expect(Math.abs(slope / 2e-4 - first)).toBeLessThan(1e-7);
  });

  test("goes on from the plain run's state at the window's end, bit for bit", async () => {
    const plain = (await run(linearProblem({ hypergradient: none({ window: 5 }) }))).result.state;
    const played = (await run(linearProblem({ hypergradient: playout, outer: still }))).result
      .state;
    expect(played).toEqual(plain);
  });

  test("reports the validation loss at the window's end, not at the end of training", async () => {
    const played = await run(linearProblem({ hypergradient: playout, outer: still }));
    const greedy = await run(linearProblem({ hypergradient: local({ window: 5 }), outer: still }));
    const losses = (of: typeof played) => of.windows.map((w) => w.validation.loss);
    expect(losses(played)).toEqual(losses(greedy));
  });

  test("equals local in the last window, whose end is the end of training", async () => {
    const played = await run(linearProblem({ hypergradient: playout, outer: still }));
    const greedy = await run(linearProblem({ hypergradient: local({ window: 5 }), outer: still }));
    const last = (of: typeof played) => of.windows.at(-1)?.hypergradient?.lr as number;
    expect(last(played)).toBeCloseTo(last(greedy), 12);
  });
});

describe("global restart", () => {
  test("trains from the first state again for every outer step", async () => {
    const hypergradient = global({ mode: "restart", outerSteps: 3 });
    const { windows, result } = await run(linearProblem({ hypergradient, outer: still }));
    expect(windows.map((w) => w.step)).toEqual([20, 40, 60]);
    const [first, ...others] = windows.map((w) => w.hypergradient?.lr);
    expect(others).toEqual([first, first]);
    const plain = (await run(linearProblem({ hypergradient: none() }))).result;
    expect(result.state).toEqual(plain.state);
    expect(result.validation).toEqual(plain.validation);
  });

  test("has the hypergradient of the first playout", async () => {
    const restart = global({ mode: "restart", outerSteps: 1 });
    const whole = await run(linearProblem({ hypergradient: restart, outer: still }));
    const played = await run(linearProblem({ hypergradient: global({ window: 5 }), outer: still }));
    const [a, b] = [whole, played].map((r) => r.windows[0]?.hypergradient?.lr as number);
    expect(a).toBeCloseTo(b as number, 12);
  });
});

describe("glocal", () => {
  /** φ enters the first step alone, and each step halves what is there: h_t = 0.5^(t−1), then nothing. */
  const fading = linearProblem({
    step: ({ w }, { lr }, _, { step }) => ({
      w: ops.add(ops.mul(w, 0.5), ops.where(ops.eq(step, 0), lr, 0)),
    }),
    criterion: ({ w }, _, { y }) => ops.broadcastTo(ops.mean(w), y.shape),
    hyper: { lr: learn.identity(0.05) },
    outer: still,
  });

  test("falls back to the last local hypergradient where no eigenvalue is near 1, and counts it", async () => {
    const { windows, result } = await run({
      ...fading,
      hypergradient: glocal.paper({ window: 10, last: 6, stacks: 2 }),
    });
    const [first, second] = windows;
    expect(first?.fallback).toMatch(/^no eigenvalue is within 0.1 of 1: used the last local/);
    expect(first?.eigenvalues?.length).toBe(1);
    expect(first?.eigenvalues?.[0]?.[0]).toBeCloseTo(0.5, 12);
    expect(first?.hypergradient?.lr).toBeCloseTo(0.5 ** 9, 12);
    expect(second?.fallback).toMatch(/^the trajectory is all zeros: used the last local/);
    expect(second?.hypergradient?.lr).toBe(0);
    expect(result.fallbacks).toBe(2);
  });

  test("reports no fallback, and an estimate of its own, where an eigenvalue is 1", async () => {
    const { windows, result } = await run({
      ...fading,
      step: ({ w }, { lr }) => ({ w: ops.add(ops.mul(w, 0.5), ops.mul(lr, 3)) }),
      hypergradient: glocal({ window: 20, last: 10, stacks: 3, rcond: 1e-10 }),
    });
    // h_t = 6 (1 − 0.5^t): the steady state is 6, the last local hypergradient is short of it.
    expect(windows[0]?.fallback).toBeNull();
    expect(windows[0]?.hypergradient?.lr).toBeCloseTo(6, 9);
    expect(result.fallbacks).toBe(0);
  });

  test("falls back, and says so, in a last window too short to fit", async () => {
    const hypergradient = glocal.paper({ window: 8, last: 6, stacks: 3 });
    const { windows } = await run(linearProblem({ hypergradient, outer: still, steps: 10 }));
    expect(windows.map((w) => w.step)).toEqual([8, 10]);
    expect(windows[1]?.eigenvalues).toBeNull();
    expect(windows[1]?.fallback).toMatch(/a window of 2 steps is too short for 3 stacks/);
  });
});

describe("an estimator of one's own", () => {
  test("sees the last points of each window, and how many steps are left", async () => {
    const { estimator, trajectories } = recorder({ window: 8, last: 3 });
    await bilevel(linearProblem({ hypergradient: estimator, outer: still })).result;
    expect(trajectories.map((t) => t.points)).toEqual([3, 3, 3]);
    expect(trajectories.map((t) => t.stepsLeft)).toEqual([12, 4, 0]);
  });

  test("sees every point of windows shorter than its last", async () => {
    const { estimator, trajectories } = recorder({ window: 8, last: 6 });
    await bilevel(linearProblem({ hypergradient: estimator, outer: still })).result;
    expect(trajectories.map((t) => t.points)).toEqual([6, 6, 4]);
  });

  test("is asked for as many points as there are steps when last exceeds the whole training", async () => {
    const { estimator, trajectories } = recorder({ window: 50, last: 10 });
    await bilevel(linearProblem({ hypergradient: estimator, outer: still, steps: 4 })).result;
    expect(trajectories.map((t) => t.points)).toEqual([4]);
  });

  test("ends the study with its own error, if it throws", async () => {
    const broken: Estimator = {
      ...local({ window: 5 }),
      estimate: () => {
        throw new RangeError("mine");
      },
    };
    await expect(bilevel(linearProblem({ hypergradient: broken })).result).rejects.toThrow("mine");
  });
});

describe("iteration and result", () => {
  const options = () => linearProblem({ hypergradient: local({ window: 5 }) });

  test("result comes without iterating, and equals that of an iterated study", async () => {
    const { msPerStep: _, ...alone } = await bilevel(options()).result;
    const { msPerStep: __, ...iterated } = (await run(options())).result;
    expect(alone).toEqual(iterated);
  });

  test("windows stay there for whoever iterates after asking for the result", async () => {
    const study = bilevel(options());
    const { windows } = await study.result;
    expect((await windowsOf(study)).length).toBe(windows);
  });

  test("result may be awaited while iterating, inside the loop, too", async () => {
    const study = bilevel(options());
    const steps: number[] = [];
    let result: Awaited<typeof study.result> | undefined;
    for await (const window of study) {
      steps.push(window.step);
      result = await study.result;
    }
    expect(steps).toEqual([5, 10, 15, 20]);
    expect(result?.steps).toBe(20);
  });

  test("result and loop may run side by side", async () => {
    const study = bilevel(options());
    const [windows, result] = await Promise.all([windowsOf(study), study.result]);
    expect(windows.map((w) => w.step)).toEqual([5, 10, 15, 20]);
    expect(result.windows).toBe(4);
  });

  test("break stops the study cleanly after the window that was seen", async () => {
    const study = bilevel(options());
    for await (const window of study) if (window.step === 10) break;
    const result = await study.result;
    expect(result).toMatchObject({ steps: 10, windows: 2, stopped: true, diverged: null });
    const short = await run(linearProblem({ hypergradient: local({ window: 5 }), steps: 10 }));
    expect(result.state).toEqual(short.result.state);
    expect(result.hyper).toEqual(short.result.hyper);
  });

  test("break in the last window does not count as stopped", async () => {
    const study = bilevel(options());
    for await (const window of study) if (window.step === 20) break;
    expect(await study.result).toMatchObject({ steps: 20, stopped: false });
  });

  test("an error thrown in the loop stops the study", async () => {
    const study = bilevel(options());
    const loop = async () => {
      for await (const _ of study) throw new Error("from the loop");
    };
    await expect(loop()).rejects.toThrow("from the loop");
    expect(await study.result).toMatchObject({ steps: 5, stopped: true });
  });

  test("the schedule holds each value from the step it was in force", async () => {
    const { windows, result } = await run(options());
    expect(result.schedule.map((s) => s.step)).toEqual([0, 5, 10, 15]);
    expect(result.schedule.map((s) => s.hyper)).toEqual(windows.map((w) => w.hyper));
    expect(result.hyper).not.toEqual(windows.at(-1)?.hyper);
  });

  test("two studies at once give what each gives alone", async () => {
    const alone = await Promise.all([1, 2].map(async () => (await run(options())).result.state));
    const [a, b] = [bilevel(options()), bilevel({ ...options(), seed: 9 })];
    const [one, other] = await Promise.all([a.result, b.result]);
    expect(one.state).toEqual(alone[0]);
    expect(other.state).not.toEqual(alone[0]);
  });
});

describe("evaluate", () => {
  const evaluate: NonNullable<ReturnType<typeof linearProblem>["evaluate"]> = {
    data: regression(9, 5),
    metrics: ({ w }, batch) => ({ error: squaredErrors(w, batch) }),
  };

  test("every 10 steps falls due in the windows that reach them, and at the end", async () => {
    const { windows, result } = await run(
      linearProblem({ hypergradient: local({ window: 4 }), evaluate: { ...evaluate, every: 10 } }),
    );
    const due = windows.filter((w) => w.test).map((w) => w.step);
    expect(due).toEqual([12, 20]);
    expect(result.test).toEqual(windows.at(-1)?.test);
  });

  test("without every comes at the end only", async () => {
    const { windows, result } = await run(linearProblem({ evaluate }));
    expect(windows.every((w) => w.test === undefined)).toBe(true);
    expect(result.test?.error).toBeGreaterThan(0);
  });

  test("gives the mean over the data whatever the chunks, the padded last one included", async () => {
    const errors = await Promise.all(
      [1, 2, 4, 9, 100].map(async (criterionBatch) => {
        const { result } = await run(linearProblem({ evaluate, criterionBatch, outer: still }));
        return result.test?.error as number;
      }),
    );
    for (const error of errors) expect(error).toBeCloseTo(errors[0] as number, 13);
  });
});

test("criterionBatch 1, 7 or all gives the same hypergradients within rounding", async () => {
  const gradients = await Promise.all(
    [1, 7, 10].map(async (criterionBatch) => {
      const hypergradient = local({ window: 5 });
      const { windows } = await run(linearProblem({ hypergradient, outer: still, criterionBatch }));
      return windows.map((w) => w.hypergradient?.lr as number);
    }),
  );
  for (const list of gradients)
    list.forEach((g, i) => {
      expect(g).toBeCloseTo(gradients[0]?.[i] as number, 13);
    });
});
