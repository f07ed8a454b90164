/** Criteria on few examples: which ones, what they give, and what is said of them. */
import { describe, expect, test } from "vitest";
import { randomSubset } from "../../lib/data/index.js";
import {
  bilevel,
  type CriterionSample,
  global,
  type HostArray,
  learn,
  local,
  mean,
  none,
  optim,
  tune,
} from "../../lib/index.js";
import {
  bytesOf,
  linearProblem,
  regression,
  run,
  smallData,
  smallModel,
  windowsOf,
} from "./support.js";

const still = optim.sgd({ lr: 0 });

/** The validation examples that a window is to see, as data of their own. */
function picked(window: number, batch: number, seed = 0) {
  const { x, y } = regression(10, 2);
  const rows = [...randomSubset(10, batch, { seed, draw: window })];
  return {
    x: {
      data: Float64Array.from(rows.flatMap((r) => [...x.data.slice(r * 3, r * 3 + 3)])),
      shape: [batch, 3],
    },
    y: { data: Float64Array.from(rows.map((r) => y.data[r] as number)), shape: [batch] },
  };
}

const base = (overrides: object = {}) =>
  linearProblem({ hypergradient: mean(4, { window: 5 }), outer: still, ...overrides });

describe.each(["forward", "reverse"] as const)("in %s mode", (mode) => {
  test.each([
    ["in one chunk", 1000],
    ["in chunks that it does not fill", 3],
  ])("each window sees its own examples, %s", async (_, criterionBatch) => {
    const criterionSample = { batch: 4 };
    const { windows } = await run(base({ mode, criterionSample, criterionBatch }));
    for (const { window, validation, hypergradient } of windows) {
      const data = { train: regression(24, 1), validation: picked(window, 4) };
      const alone = (await run(base({ mode, data }))).windows[window - 1];
      expect(hypergradient?.lr).toBeCloseTo(alone?.hypergradient?.lr as number, 13);
      expect(validation.loss).toBeCloseTo(alone?.validation.loss as number, 13);
      expect(validation.subset).toBe(4);
    }
    expect(new Set(windows.map((w) => w.validation.loss)).size).toBe(windows.length);
  });

  test("a subset of all examples is all examples", async () => {
    const numbers = async (criterionSample?: CriterionSample) => {
      const { windows } = await run(base({ mode, ...(criterionSample && { criterionSample }) }));
      return windows.map((w) => [w.hypergradient?.lr, w.validation.loss]);
    };
    expect(await numbers({ batch: 10, resample: "window" })).toEqual(await numbers());
  });
});

test("the mean over many subsets is the hypergradient of all examples", async () => {
  const steps = 400;
  const options = { steps, hypergradient: local({ window: 1, tangents: "carry" }) };
  // With a rate of nothing the state stays, so that only the subsets differ.
  const held = { ...options, hyper: { lr: learn.identity(0) }, batchSize: 24 };
  const few = (await run(base({ ...held, criterionSample: { batch: 5 } }))).windows;
  const all = (await run(base(held))).windows;
  const ratios = few.map(
    (w, i) => (w.hypergradient?.lr as number) / (all[i]?.hypergradient?.lr as number),
  );
  const average = ratios.reduce((a, b) => a + b) / steps;
  const spread = Math.sqrt(ratios.reduce((a, r) => a + (r - average) ** 2, 0) / steps);
  expect(spread).toBeGreaterThan(0.01);
  expect(Math.abs(average - 1)).toBeLessThan((4 * spread) / Math.sqrt(steps));
});

describe("what is reported", () => {
  test("the result's validation loss is of all examples, a window's of its subset", async () => {
    const { windows, result } = await run(base({ criterionSample: { batch: 3 } }));
    const whole = await run(base());
    expect(result.validation.loss).toBe(whole.result.validation.loss);
    expect(windows.at(-1)?.validation.loss).not.toBe(whole.windows.at(-1)?.validation.loss);
    expect(whole.windows.every((w) => !("subset" in w.validation))).toBe(true);
  });

  test("a playout's window says the loss of all, and its hypergradient is of the subset", async () => {
    const playout = { hypergradient: global({ window: 10 }) };
    const few = (await run(base({ ...playout, criterionSample: { batch: 3 } }))).windows;
    const all = (await run(base(playout))).windows;
    expect(few.map((w) => w.validation)).toEqual(all.map((w) => w.validation));
    expect(few[0]?.hypergradient).not.toEqual(all[0]?.hypergradient);
  });

  test("without hypergradients there is nothing to sample", async () => {
    const criterionSample = { batch: 3 };
    const { windows } = await run(base({ hypergradient: none({ window: 10 }), criterionSample }));
    expect(windows.map((w) => w.validation)).toEqual([{ loss: null }, { loss: null }]);
  });
});

describe("tune with a criterion on few examples", () => {
  const options = (overrides: object = {}) => ({
    model: smallModel(),
    data: smallData(),
    inner: optim.sgd({ lr: learn.sigmoid(0.1), momentum: learn.sigmoid(0.5) }),
    hypergradient: mean(3, { window: 5, tangents: { decay: "horizon" as const } }),
    steps: 15,
    batchSize: 8,
    validation: 20,
    criterion: { batch: 7 },
    criterionBatch: 4,
    device: "cpu" as const,
    ...overrides,
  });
  const bits = async (overrides: object = {}) => {
    const study = tune(options(overrides));
    const windows = (await windowsOf(study)).map(({ msPerStep: _, ...window }) => window);
    return `${bytesOf((await study.result).params)} ${JSON.stringify(windows)}`;
  };

  test("has the same bits in every run, for every number of threads, lanes and plan of memory", async () => {
    const usual = await bits();
    expect(await bits({ threads: 1 })).toBe(usual);
    expect(await bits({ threads: 3 })).toBe(usual);
    expect(await bits({ lanes: 1 })).toBe(usual);
    expect(await bits({ switches: { poison: true } })).toBe(usual);
    expect(await bits({ switches: { shareMemory: false } })).toBe(usual);
    expect(await bits({ switches: { merge: false } })).toBe(usual);
    expect(await bits({ seed: 1 })).not.toBe(usual);
    expect(await bits({ criterion: { batch: 8 } })).not.toBe(usual);
  });

  test("compiles as many programs for many windows as for one", async () => {
    const { Executable } = await import("../../lib/runtime/executable.js");
    const compile = Executable.compile;
    let compiled = 0;
    Executable.compile = (...args) => {
      compiled++;
      return compile(...args);
    };
    try {
      const count = async (steps: number) => {
        compiled = 0;
        await tune(options({ steps })).result;
        return compiled;
      };
      expect(await count(50)).toBe(await count(5));
    } finally {
      Executable.compile = compile;
    }
  });

  test("says under its own name what it refuses", () => {
    const refused = (criterion: unknown) => () => tune(options({ criterion }) as never);
    expect(refused({ batch: 21 })).toThrow(/criterion.batch to be a whole number from 1 to 20/);
    expect(refused({ batch: 5, resample: "step" })).toThrow(/criterion.resample to be "window"/);
    expect(refused({ size: 5 })).toThrow(/criterion to have only the options batch, resample/);
  });
});

test("images that are picked are those that are asked for", async () => {
  const data = smallData();
  const study = tune({
    model: smallModel(),
    data,
    inner: optim.sgd({ lr: learn.sigmoid(1e-9) }),
    hypergradient: local({ window: 1 }),
    steps: 3,
    batchSize: 8,
    validation: 20,
    criterion: { batch: 1 },
    device: "cpu",
  });
  const losses = (await windowsOf(study)).map((w) => w.validation.loss as number);
  const { params } = await study.result;
  // Each is the loss of one image of the data, under parameters that hardly move.
  const { data: logits } = smallModel().predict(params, data.train.x as HostArray);
  const each = Array.from(data.train.y.data, (label, i) => {
    const row = [...logits.subarray(i * 4, i * 4 + 4)];
    return Math.log(row.reduce((a, v) => a + Math.exp(v), 0)) - (row[label] as number);
  });
  for (const loss of losses)
    expect(Math.min(...each.map((e) => Math.abs(e - loss)))).toBeLessThan(1e-5);
});

test("bilevel has the option under a name of its own, for criterion is the function there", () => {
  const made = (criterionSample: unknown) => () =>
    bilevel({ ...linearProblem(), criterionSample } as never);
  expect(made({ batch: 11 })).toThrow(/criterionSample.batch to be a whole number from 1 to 10/);
});
