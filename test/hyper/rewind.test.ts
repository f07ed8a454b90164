import { describe, expect, test } from "vitest";
import type {
  Estimator,
  StudyFacts,
  WindowEstimator,
  WindowTrajectory,
} from "../../lib/hyper/estimator.js";
import { bilevel, global, glocal, learn, local, none, optim } from "../../lib/index.js";
import { linearProblem, run, windowsOf } from "./support.js";

const WINDOW = 100;

/** With this learning rate some 60 steps go beyond float64; below about 1 none do. */
const diverging = (overrides: Parameters<typeof linearProblem>[0] = {}) =>
  linearProblem({
    hyper: { lr: learn.exp(400) },
    hypergradient: local({ window: WINDOW }),
    outer: optim.adam({ lr: 0.5 }),
    steps: 2 * WINDOW,
    ...overrides,
  });

/** Converges with the first learning rate, which the first update makes e⁸ times as large. */
const leaping = (overrides: Parameters<typeof linearProblem>[0] = {}) =>
  linearProblem({
    hyper: { lr: learn.exp(0.05) },
    hypergradient: local({ window: WINDOW }),
    outer: optim.adam({ lr: 8 }),
    steps: 2 * WINDOW,
    ...overrides,
  });

describe("a window in which training diverges", () => {
  test("begins again, each time twice as far against the hypergradient", async () => {
    const { windows, result } = await run(diverging({ steps: WINDOW }));
    const rewinds = windows[0]?.rewinds as number;
    expect(rewinds).toBeGreaterThan(1);
    expect(result).toMatchObject({ diverged: null, rewinds, windows: 1, steps: WINDOW });
    const moved = 0.5 * (2 ** rewinds - 1);
    expect(windows[0]?.hyper.lr).toBeCloseTo(400 * Math.exp(-moved), 9);
  });

  test("and began astray makes the one before begin again, which is reported again", async () => {
    const { windows, result } = await run(diverging({ steps: 3 * WINDOW }));
    // What three rewinds leave finite in float64 is on its way out of it all the same.
    expect(windows.slice(0, 2).map(({ window, rewinds }) => [window, rewinds])).toEqual([
      [1, 3],
      [1, 4],
    ]);
    const later = windows.filter(({ window }, i) =>
      windows.slice(i + 1).every((w) => w.window > window),
    );
    expect(later.map(({ window, step }) => [window, step])).toEqual([
      [1, WINDOW],
      [2, 2 * WINDOW],
      [3, 3 * WINDOW],
    ]);
    expect(result).toMatchObject({ diverged: null, windows: 3, steps: 3 * WINDOW });
    expect(result.schedule.map(({ step }) => step)).toEqual([0, WINDOW, 2 * WINDOW]);
    expect(result.schedule.map(({ hyper }) => hyper)).toEqual(later.map(({ hyper }) => hyper));
  });

  test("is trained as if it had begun with those hyperparameters", async () => {
    const { windows, result } = await run(diverging({ steps: WINDOW }));
    const lr = windows[0]?.hyper.lr as number;
    const direct = await run(diverging({ steps: WINDOW, hyper: { lr: learn.exp(lr) } }));
    expect(direct.result.rewinds).toBe(0);
    const [w, straight] = [result.state.w.data, direct.result.state.w.data] as [
      Float64Array,
      Float64Array,
    ];
    w.forEach((value, i) => {
      expect(value).toBeCloseTo(straight[i] as number, 9);
    });
  });

  test.each(["forward", "reverse"] as const)(
    "goes on from where the window before ended, in %s mode",
    async (mode) => {
      const { windows, result } = await run(leaping({ mode }));
      expect(windows.map((w) => w.rewinds)).toEqual([undefined, 1]);
      expect(windows[1]?.hyper.lr).toBeCloseTo(0.05, 6);
      const steady = await run(leaping({ mode, outer: optim.sgd({ lr: 0 }) }));
      const w = result.state.w.data as Float64Array;
      w.forEach((value, i) => {
        expect(value).toBeCloseTo((steady.result.state.w.data as Float64Array)[i] as number, 6);
      });
    },
  );

  test("begins again with tangents at zero", async () => {
    const hypergradient = local({ window: WINDOW, tangents: "carry" });
    const { windows } = await run(leaping({ hypergradient, steps: 3 * WINDOW }));
    const at = windows.findIndex((window) => window.rewinds);
    expect(at).toBe(1);
    expect(windows[at]?.tangents).toMatchObject({ decay: 0, memory: WINDOW });
  });

  test("is given up after so many times; what was good before it is kept", async () => {
    const options = leaping({ hyper: { lr: learn.exp(0.05) }, outer: optim.adam({ lr: 30 }) });
    const once = await run(options);
    expect(once.result).toMatchObject({ rewinds: 1, diverged: null });

    const never = await run({ ...options, rewinds: 0, onDivergence: "record" });
    expect(never.result).toMatchObject({ rewinds: 0, windows: 1, steps: WINDOW });
    expect(never.result.diverged?.step).toBeGreaterThan(WINDOW);
    expect(never.result.validation.loss).toBeCloseTo(never.windows[0]?.validation.loss as number);

    const error = await bilevel(diverging({ rewinds: 2 })).result.catch((e) => e);
    expect(error).toMatchObject({ code: "GLOCAL_DIVERGED" });
    expect(error.message).toMatch(/\(rewinds before it: 2\)/);
  });

  test("is given up at once where nothing says how to move", async () => {
    const still = await run(diverging({ outer: optim.sgd({ lr: 0 }), onDivergence: "record" }));
    expect(still.result.diverged).not.toBeNull();
    expect(still.result.rewinds).toBe(0);
    const untuned = await run(diverging({ hypergradient: none(), onDivergence: "record" }));
    expect(untuned.result).toMatchObject({ rewinds: 0, steps: 50 });
    const options = diverging({ onDivergence: "record" });
    (options.data.train.x.data as Float64Array).fill(Number.NaN);
    const { result } = await run(options);
    expect(result).toMatchObject({ rewinds: 0, diverged: { step: 0 }, steps: 0 });
  });

  test("can be stopped while it looks for the way back", async () => {
    const stop = new AbortController();
    let begun = 0;
    const study = bilevel(
      leaping({
        signal: stop.signal,
        batches: {
          at(step) {
            // The window's first step is first trained in the second window, then looked at again.
            if (step === WINDOW && ++begun === 2) stop.abort();
            return Int32Array.from({ length: 4 }, (_, i) => (4 * step + i) % 24);
          },
        },
      }),
    );
    const windows = await windowsOf(study);
    const result = await study.result;
    expect(result).toMatchObject({ stopped: true, diverged: null, steps: WINDOW, rewinds: 0 });
    expect(result.validation.loss).toBeCloseTo(windows[0]?.validation.loss as number, 9);
  });
});

test.each([-1, 0.5, 33, "8"])("rewinds of %s are refused", (rewinds) => {
  expect(() => bilevel(diverging({ rewinds: rewinds as number }))).toThrowError(
    expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }),
  );
});

describe("after a window that was reported has begun again", () => {
  /** Three rewinds leave window 1 within float64, but not window 2. */
  const exploding = (overrides: Parameters<typeof linearProblem>[0] = {}) =>
    diverging({ steps: 6 * WINDOW, ...overrides });

  test("the outer optimizer has forgotten what it exploded to", async () => {
    const { windows, result } = await run(exploding());
    expect(windows.filter(({ window }) => window === 1).length).toBeGreaterThan(1);
    const kept = windows.filter(({ window }, i) =>
      windows.slice(i + 1).every((w) => w.window > window),
    );
    // Adam's first step is as long as its rate; moments of 1e100 would leave nothing of it.
    const [first, second] = kept.map(({ hyper }) => Math.log(hyper.lr as number));
    expect(Math.abs((second as number) - (first as number))).toBeCloseTo(0.5, 3);
    expect(result).toMatchObject({ diverged: null, windows: 6, fallbacks: 0 });
  });

  test("an estimator with a memory has forgotten it too", async () => {
    const hypergradient = glocal({
      window: WINDOW,
      last: 6,
      stacks: 1,
      fit: "exact",
      policy: "horizon",
      pool: { windows: 3, forget: 1 },
    });
    const seen: number[][] = [];
    const watched = {
      ...hypergradient,
      begin: (facts: StudyFacts) => {
        const inner = hypergradient.begin?.(facts) as WindowEstimator;
        return {
          estimate: (window: WindowTrajectory) => {
            seen.push([window.window, Math.abs(window.data[0] as number)]);
            return inner.estimate(window);
          },
        };
      },
    };
    const { windows } = await run(exploding({ hypergradient: watched }));
    expect(seen.filter(([window]) => window === 1).length).toBeGreaterThan(1);
    const last = windows.at(-1) as (typeof windows)[number];
    for (const [re, im] of last.eigenvalues ?? []) expect(Math.hypot(re, im)).toBeLessThan(3);
  });

  test("what was counted of it does not count, and the schedule has each window once", async () => {
    const hypergradient: Estimator = {
      ...local({ window: WINDOW }),
      estimate: ({ data }) => ({ gradient: data.slice(-1), eigenvalues: null, fallback: "so" }),
    };
    const { result } = await run(exploding({ hypergradient, steps: 3 * WINDOW }));
    expect(result.rewinds).toBeGreaterThan(0);
    expect(result).toMatchObject({ fallbacks: 3, windows: 3 });
    expect(result.schedule.map(({ step }) => step)).toEqual([0, WINDOW, 2 * WINDOW]);
  });
});

test.each(["playout", "restart"] as const)("rewinds work in a %s", async (mode) => {
  const hypergradient = global({ window: WINDOW, mode, outerSteps: 2 });
  const { result } = await run(diverging({ hypergradient, outer: optim.adam({ lr: 1 }) }));
  expect(result.diverged).toBeNull();
  expect(result.rewinds).toBeGreaterThan(0);
  expect(result.validation.loss).toBeLessThan(10);
});

test("an estimate that is not finite moves nothing, and does not make training begin again", async () => {
  const hypergradient: Estimator = {
    ...local({ window: 10 }),
    estimate: () => ({ gradient: Float64Array.of(Number.NaN), eigenvalues: null, fallback: null }),
  };
  const { windows, result } = await run(linearProblem({ hypergradient, steps: 20 }));
  expect(result).toMatchObject({ rewinds: 0, fallbacks: 2, diverged: null });
  expect(windows[1]?.hyper).toEqual(windows[0]?.hyper);
  expect(windows[0]?.fallback).toMatch(/estimate is not finite/);
});

test("the end of float64 is no obstacle to the way back", async () => {
  const { result } = await run(
    diverging({ hyper: { lr: learn.exp(1e9) }, outer: optim.adam({ lr: 3 }), rewinds: 16 }),
  );
  expect(result.diverged).toBeNull();
  expect(result.hyper.lr).toBeGreaterThan(0);
});

test("a study without losses or hypergradients says where it ends, and undoes its last window", async () => {
  const silent = diverging({ hypergradient: none(), onDivergence: "record", steps: 100 });
  const { step } = silent;
  const { result } = await run({
    ...silent,
    step: (state, hyper, batch) =>
      step(state, hyper, batch, { report: () => {} } as unknown as Parameters<typeof step>[3]),
  });
  expect(result).toMatchObject({ windows: 1, steps: 50, diverged: { step: 100 } });
});
