/** verify: its truth, its measures and what it reports. */
import { describe, expect, test } from "vitest";
import {
  array,
  bilevel,
  type Estimator,
  global,
  glocal,
  last,
  learn,
  local,
  mean,
  ops,
  optim,
  verify,
} from "../../lib/index.js";
import {
  ceiling,
  cosine,
  median,
  rankCorrelation,
  relativeError,
} from "../../lib/verify/measures.js";
import { summarize, trustOf, winsOver } from "../../lib/verify/summary.js";
import type { VerifyProblem } from "../../lib/verify/types.js";
import { linearProblem, randomArray, windowsOf } from "../hyper/support.js";

const { steps: _, ...problem } = linearProblem();
const full = { ...problem, batchSize: 24 };
const window = 5;

/** A mean of rows, drawn three at a time, with a learning rate for each entry. */
function manyRates(count: number) {
  const rows = (of: number, seed: number) => ({ m: randomArray([of, count], seed, Float64Array) });
  const hyper = { lr: learn.exp({ data: new Float64Array(count).fill(0.05), shape: [count] }) };
  const state = { w: array(new Float64Array(count).fill(1)) };
  const found: VerifyProblem<typeof state, typeof hyper, ReturnType<typeof rows>> = {
    state,
    hyper,
    step: ({ w }, { lr }, { m }) => ({
      w: ops.sub(w, ops.mul(ops.sub(w, ops.mean(m, { axes: [0] })), lr)),
    }),
    criterion: ({ w }, _, { m }) =>
      ops.sum(ops.square(ops.sub(ops.reshape(w, [1, count]), m)), { axes: [1] }),
    data: { train: rows(30, 1), validation: rows(5, 2) },
    batchSize: 3,
    device: "cpu",
  };
  return found;
}

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

  test("is of all validation examples, however few of them estimates see", async () => {
    const options = {
      estimators: { last: last({ window }) },
      starts: [0, 5],
      horizons: [20],
    };
    const all = await verify({ problem: full, ...options });
    const few = await verify({ problem: { ...full, criterionSample: { batch: 2 } }, ...options });
    expect(few.truths).toEqual(all.truths);
    expect(few.comparisons[0]?.gradient).not.toEqual(all.comparisons[0]?.gradient);
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
      horizons: [30, 40],
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

  test("are of the estimator that a study uses for so many hyperparameters", async () => {
    const many = manyRates(33);
    const estimator = glocal({ window: 10, last: 6, stacks: 2 });
    expect(estimator.tangents).not.toBe("reset");
    const { comparisons } = await verify({
      problem: many,
      estimators: { estimator, last: last({ window: 10, tangents: "carry" }) },
      starts: [20],
      horizons: [40],
    });
    const windows = await windowsOf(
      bilevel({ ...many, steps: 40, hypergradient: estimator, outer: optim.sgd({ lr: 0 }) }),
    );
    expect(windows[2]?.tangents).toBeUndefined();
    expect(comparisons[0]?.gradient).toEqual(windows[2]?.hypergradient?.lr);
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
      ...[row("other", 0, 0.5, 1), row("other", 5, -0.5, 0.4)],
    ];
    expect(summarize({ truths, comparisons })).toEqual([
      {
        ...{ estimator: "last", cosine: 0.5, knowable: 1, count: 2, fallbacks: 0 },
        ...{ error: 3, meanError: 3, ratio: 1, fifth: 0, meanRatio: 1 },
      },
      {
        ...{ estimator: "other", cosine: 0, knowable: 0.5, count: 2, fallbacks: 0 },
        ...{ error: 0.7, meanError: 0.7, ratio: 0.3, fifth: 0.5, meanRatio: 0.7 / 3 },
      },
    ]);
  });

  test("say at how many points an estimator is nearer than another", () => {
    const row = (estimator: string, start: number, c: number | null, error: number | null) => ({
      ...{ estimator, start, horizon: 10, gradient: [1], cosine: c, error, fallback: null },
    });
    const comparisons = [
      ...[row("a", 0, 0.9, 2), row("a", 5, 0.8, 2), row("a", 10, 0.7, 1), row("a", 15, 1, 0)],
      ...[row("b", 0, 0.5, 1), row("b", 5, 0.9, 3), row("b", 10, 0.6, 0), row("b", 15, null, null)],
    ];
    expect(winsOver({ comparisons }, "a", "b")).toEqual({ cosine: 2, error: 1, count: 3 });
    expect(winsOver({ comparisons }, "a", "a")).toEqual({ cosine: 0, error: 0, count: 4 });
  });

  test("say how confidence goes with ceiling and cosine, over all problems", () => {
    const problemOf = (points: readonly (readonly [number, number | null, number])[]) => ({
      truths: points.map(([, of], start) => ({
        ...{ start, horizon: 10, gradient: [1], ceiling: of, orders: 8 },
      })),
      comparisons: points.flatMap(([confidence, , c], start) => {
        const place = { start, horizon: 10, gradient: [1], cosine: c, error: 1, fallback: null };
        return [
          { estimator: "sure", ...place, confidence },
          { estimator: "silent", ...place },
        ];
      }),
    });
    const first = problemOf([
      [0.1, -0.5, 0.9],
      [0.2, 0.1, 0.5],
    ]);
    const second = problemOf([
      [0.9, 0.8, 0.1],
      [0.5, null, 0],
    ]);
    const trust = trustOf([first, second], "sure");
    expect(trust.ceiling).toBeCloseTo(1, 15);
    expect(trust.cosine).toBeCloseTo(-1, 15);
    expect(trust.count).toBe(3);
    expect(trustOf([first], "silent")).toEqual({ ceiling: null, cosine: null, count: 0 });
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

  test("ranks look at nothing but order, and equal values share theirs", () => {
    expect(rankCorrelation([1, 2, 1000], [-3, 0, 0.1])).toBeCloseTo(1, 15);
    expect(rankCorrelation([1, 2, 3], [5, 4, 0])).toBeCloseTo(-1, 15);
    // Ranks 0.5, 0.5, 2 and 0, 1, 2.
    expect(rankCorrelation([1, 1, 2], [1, 2, 3])).toBeCloseTo(Math.sqrt(3) / 2, 15);
    expect(rankCorrelation([1, 1], [1, 2])).toBeNull();
    expect(rankCorrelation([], [])).toBeNull();
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
