/** verify: its truth, its measures and what it reports. */
import { describe, expect, test } from "vitest";
import {
  bilevel,
  type Estimator,
  global,
  glocal,
  last,
  local,
  mean,
  optim,
  verify,
} from "../../lib/index.js";
import { ceiling, cosine, median, relativeError } from "../../lib/verify/measures.js";
import { summarize } from "../../lib/verify/summary.js";
import { linearProblem, windowsOf } from "../hyper/support.js";

const { steps: _, ...problem } = linearProblem();
const full = { ...problem, batchSize: 24 };
const window = 5;

describe("the truth", () => {
  test("is the hypergradient of greedy playout, bit for bit but for rounding", async () => {
    const { truths } = await verify({
      problem: full,
      estimators: { last: last({ window }) },
      starts: [0, 5, 10],
      horizons: [20, 40],
    });
    expect(truths.length).toBe(6);
    for (const horizon of [20, 40]) {
      const windows = await windowsOf(
        bilevel({
          ...full,
          steps: horizon,
          batches: { at: () => Int32Array.from({ length: 24 }, (_, i) => i) },
          hypergradient: global({ window }),
          outer: optim.sgd({ lr: 0 }),
        }),
      );
      for (const start of [0, 5, 10]) {
        const truth = truths.find((t) => t.start === start && t.horizon === horizon);
        const exact = windows[start / window]?.hypergradient?.lr as number;
        expect(truth?.gradient[0]).toBeCloseTo(exact, 12);
        expect(truth).toMatchObject({ ceiling: null, orders: 1 });
      }
    }
  });

  test("is the mean over minibatch orders, with the ceiling beside it", async () => {
    const options = {
      problem,
      estimators: { last: last({ window }) },
      starts: [0],
      horizons: [15],
    };
    const one = await verify({ ...options, orders: 3 });
    expect(one.truths[0]?.orders).toBe(3);
    expect(one.truths[0]?.ceiling).toBe(1);
    const eight = await verify(options);
    expect(eight.truths[0]?.orders).toBe(8);
  });

  test("has orders other than the one that estimators see", async () => {
    const seen: number[] = [];
    const watching: Estimator = {
      ...local({ window }),
      name: "watching",
      estimate: ({ data }) => {
        seen.push(data[0] as number);
        return { gradient: data.slice(), eigenvalues: null, fallback: null };
      },
    };
    const { truths } = await verify({
      problem,
      estimators: { watching },
      starts: [0],
      horizons: [10],
      orders: 1,
    });
    const [at5] = seen;
    expect(truths[0]?.gradient[0]).not.toBe(at5);
  });
});

describe("comparisons", () => {
  test("are of every estimator, point and T", async () => {
    // Holds the six points that the ladder wants.
    const window = 10;
    const { comparisons } = await verify({
      problem: full,
      estimators: {
        last: last({ window }),
        mean: mean(3, { window }),
        carried: last({ window, tangents: "carry" }),
        robust: glocal({ robust: true, window, last: 6, stacks: 2 }),
      },
      starts: [0, 10],
      horizons: [20, 30],
    });
    expect(comparisons.length).toBe(4 * 4);
    for (const { cosine: c, error, estimator, chosen, confidence } of comparisons) {
      expect(Math.abs(c as number)).toBe(1);
      expect(error).toBeGreaterThanOrEqual(0);
      expect(chosen !== undefined).toBe(estimator === "robust");
      expect(confidence !== undefined).toBe(estimator === "robust");
    }
    const of = (name: string, start: number) =>
      comparisons.find((c) => c.estimator === name && c.start === start)?.gradient;
    expect(of("carried", 0)).toEqual(of("last", 0));
    expect(of("carried", 10)).not.toEqual(of("last", 10));
  });

  test("are of what each estimator says in a study with hyperparameters held", async () => {
    const estimator = glocal({ window: 10, last: 6, stacks: 2, tangents: { decay: "horizon" } });
    const { comparisons } = await verify({
      problem: full,
      estimators: { estimator },
      starts: [10, 20],
      horizons: [40],
    });
    const windows = await windowsOf(
      bilevel({
        ...full,
        steps: 40,
        batches: { at: () => Int32Array.from({ length: 24 }, (_, i) => i) },
        hypergradient: estimator,
        outer: optim.sgd({ lr: 0 }),
      }),
    );
    expect(comparisons.map(({ gradient }) => gradient?.[0])).toEqual(
      [1, 2].map((i) => windows[i]?.hypergradient?.lr),
    );
  });

  test("are summed up by means and medians, beside the first estimator's", () => {
    const truths = [
      { start: 0, horizon: 10, gradient: [1], ceiling: 0.9, orders: 8 },
      { start: 5, horizon: 10, gradient: [1], ceiling: 0.1, orders: 8 },
    ];
    const row = (estimator: string, start: number, c: number, error: number) => ({
      ...{ estimator, start, horizon: 10, gradient: [1], cosine: c, error, fallback: null },
    });
    const comparisons = [
      ...[row("last", 0, 1, 2), row("last", 5, 0, 4)],
      ...[row("other", 0, 0.5, 1), row("other", 5, -0.5, 1)],
    ];
    expect(summarize({ truths, comparisons })).toEqual([
      { estimator: "last", cosine: 0.5, knowable: 1, error: 3, ratio: 1, count: 2, fallbacks: 0 },
      {
        estimator: "other",
        cosine: 0,
        knowable: 0.5,
        error: 1,
        ratio: 0.375,
        count: 2,
        fallbacks: 0,
      },
    ]);
  });

  test.each([
    [{ estimators: {} }, /estimators to be an object/],
    [{ estimators: { global: global() } }, /estimators that look over windows/],
    [{ estimators: { a: last({ window }), b: last() } }, /estimators of the same window/],
    [{ starts: [3] }, /starts to be multiples of the window, 5/],
    [{ horizons: [] }, /horizons to be a list/],
    [{ orders: 0 }, /orders to be a whole number from 1/],
    [{ steps: 20 }, /verify to have only/],
  ])("are refused with %j", async (wrong, message) => {
    const options = {
      problem,
      estimators: { last: last({ window }) },
      starts: [0],
      horizons: [10],
    };
    await expect(verify({ ...options, ...wrong } as typeof options)).rejects.toThrow(message);
  });
});

describe("measures", () => {
  test("are those of their names", () => {
    expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 15);
    expect(cosine([0, 0], [1, 1])).toBeNull();
    expect(relativeError([1, 1], [1, 0])).toBe(1);
    expect(relativeError([1, 1], [0, 0])).toBeNull();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNull();
  });

  test("the ceiling is 1 where orders agree, and low where they do not", () => {
    expect(
      ceiling([
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
    ).toBeCloseTo(1, 15);
    expect(
      ceiling([
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ]),
    ).toBeLessThan(0);
    expect(ceiling([[1, 0]])).toBeNull();
  });
});
