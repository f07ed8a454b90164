/** How a study ends early: by a signal, or because training diverged. */
import { describe, expect, test } from "vitest";
import { bilevel, global, glocal, learn, local, nn, none, optim, tune } from "../../lib/index.js";
import { bytesOf, linearProblem, run, stripesData } from "./support.js";

const still = optim.sgd({ lr: 0 });

describe("a signal", () => {
  test("aborted before the study starts leaves the first state and no window", async () => {
    const options = linearProblem({ signal: AbortSignal.abort() });
    const { windows, result } = await run(options);
    expect(windows).toEqual([]);
    expect(result).toMatchObject({ steps: 0, windows: 0, stopped: true, diverged: null });
    expect(result.state).toEqual(options.state);
    expect(result.validation.loss).toBeGreaterThan(0);
  });

  test("aborted between two windows keeps what was done", async () => {
    const abort = new AbortController();
    const study = bilevel(
      linearProblem({ hypergradient: local({ window: 5 }), signal: abort.signal }),
    );
    const steps: number[] = [];
    for await (const window of study) {
      steps.push(window.step);
      if (window.step === 10) abort.abort();
    }
    expect(steps).toEqual([5, 10]);
    expect(await study.result).toMatchObject({ steps: 10, stopped: true });
  });

  test("aborted after the end changes nothing", async () => {
    const abort = new AbortController();
    const { result } = await run(linearProblem({ signal: abort.signal }));
    abort.abort();
    expect(result).toMatchObject({ steps: 20, stopped: false });
  });

  /** LeNet on synthetic images: a window of 2,000 steps takes a second and more, so a signal falls into it. */
  const slow = (overrides: Partial<Parameters<typeof tune>[0]>) =>
    tune({
      model: nn.lenet(),
      data: stripesData(),
      inner: optim.sgd({ lr: learn.sigmoid(0.05), momentum: learn.sigmoid(0.9) }),
      outer: still,
      steps: 2000,
      batchSize: 16,
      validation: 40,
      device: "cpu",
      ...overrides,
    });

  /** Those that go back to the window's start when they are stopped keep no step of it. */
  const hypergradients = {
    none: { hypergradient: none({ window: 2000 }) },
    "local, forward": { hypergradient: local({ window: 2000 }), mode: "forward" },
    "local, forward, lanes in chunks": {
      hypergradient: local({ window: 2000 }),
      mode: "forward",
      lanes: 1,
    },
    "local, reverse": { hypergradient: local({ window: 2000 }), mode: "reverse" },
    glocal: { hypergradient: glocal({ window: 2000, last: 2000 }) },
    playout: { hypergradient: global({ window: 1000 }) },
  } as const;

  test.each(Object.entries(hypergradients))(
    "aborted inside a window keeps the state of a whole step: %s",
    async (name, options) => {
      const kept = name === "none" || name === "local, forward" || name === "glocal";
      const abort = new AbortController();
      const progress = (step: number) => {
        if (step > 0) abort.abort();
      };
      const study = slow({ ...options, signal: abort.signal, ...(kept && { progress }) });
      if (!kept) setTimeout(() => abort.abort(), 150);
      const { steps, stopped, windows, params } = await study.result;
      expect(stopped).toBe(true);
      expect(steps).toBeLessThan(2000);
      expect(windows).toBe(0);
      if (kept) expect(steps).toBeGreaterThan(0);
      // The same bits as a run that was to have that many steps.
      const plain =
        steps === 0
          ? nn.lenet().initialize(0)
          : (await slow({ hypergradient: none({ window: 2000 }), steps }).result).params;
      expect(bytesOf(params)).toBe(bytesOf(plain));
    },
  );
});

describe("divergence", () => {
  /** Within a window of 60 steps a learning rate of 400 takes the state beyond float64. */
  const diverging = (overrides: Parameters<typeof linearProblem>[0] = {}) =>
    linearProblem({
      hyper: { lr: learn.exp(400) },
      hypergradient: local({ window: 20 }),
      outer: still,
      steps: 300,
      ...overrides,
    });

  test("is an error that says at which step and with which hyperparameters", async () => {
    const { code, message } = await bilevel(diverging()).result.catch((error) => error);
    expect(code).toBe("GLOCAL_DIVERGED");
    expect(message).toMatch(/ at step \d+, with \{"lr":(400|399\.9)/);
  });

  test("yields the windows before it", async () => {
    const study = bilevel(diverging());
    const steps: number[] = [];
    const loop = async () => {
      for await (const window of study) {
        expect(window.train.loss).toSatisfy(Number.isFinite);
        expect(window.hypergradient?.lr).toSatisfy(Number.isFinite);
        steps.push(window.step);
      }
    };
    await expect(loop()).rejects.toMatchObject({ code: "GLOCAL_DIVERGED" });
    expect(steps.length).toBeGreaterThan(0);
    expect(steps).toEqual(steps.map((_, i) => 20 * (i + 1)));
    await expect(study.result).rejects.toMatchObject({ code: "GLOCAL_DIVERGED" });
  });

  test("names the step whose loss was the first not to be finite", async () => {
    const losses: number[] = [];
    const study = bilevel(
      diverging({ hypergradient: none({ window: 1 }), onDivergence: "record" }),
    );
    for await (const { train } of study) losses.push(train.loss as number);
    const one = await study.result;
    const whole = await bilevel(
      diverging({ hypergradient: none({ window: 300 }), onDivergence: "record" }),
    ).result;
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(one.diverged?.step).toBe(losses.length);
    expect(whole.diverged).toEqual(one.diverged);
  });

  test("recorded, it ends the study with a result", async () => {
    const study = bilevel(diverging({ onDivergence: "record" }));
    let windows = 0;
    for await (const _ of study) windows++;
    const result = await study.result;
    expect(result.diverged?.what).toMatch(/loss|hypergradient/);
    expect(result).toMatchObject({ windows, stopped: false });
  });

  test("in the very last step of a study without hypergradients is not missed", async () => {
    const options = diverging({ hypergradient: none({ window: 300 }), onDivergence: "record" });
    const { step } = (await bilevel(options).result).diverged as { step: number };
    // The state that gives a loss beyond float64 comes out of the step before.
    const study = bilevel({ ...options, steps: step, onDivergence: "throw" });
    await expect(study.result).rejects.toMatchObject({ code: "GLOCAL_DIVERGED" });
  });

  test.each(["playout", "restart"] as const)("is found in a %s", async (mode) => {
    const hypergradient = global({ window: 20, mode });
    await expect(bilevel(diverging({ hypergradient })).result).rejects.toMatchObject({
      code: "GLOCAL_DIVERGED",
    });
  });
});
