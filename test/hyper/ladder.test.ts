/** The ladder: which forecast a window's own points bear out. */
import { describe, expect, test } from "vitest";
import {
  bilevel,
  type CarriedTangents,
  type Estimate,
  type Estimator,
  glocal,
  local,
  optim,
  type Progress,
  type StudyFacts,
  type WindowTrajectory,
} from "../../lib/index.js";
import { linearProblem, noise, windowsOf } from "./support.js";

const LEFT = 100;
const rates = [0.98, 0.9, 0.6];
/** Three numbers that tend to 1, −2 and 0.5, each a mix of three decays. */
const law = (t: number): number[] =>
  [1, -2, 0.5].map((rest, i) =>
    rates.reduce((sum, rate, k) => sum + Math.cos(3 * i + k) * rate ** t, rest),
  );

function windowOf(points: number, at: (t: number) => number[]): WindowTrajectory {
  const data = Array.from({ length: points }, (_, t) => at(t)).flat();
  return {
    data: Float64Array.from(data),
    points,
    size: 3,
    stepsLeft: LEFT,
    window: 2,
    steps: 50,
    stepsDone: 100,
    phi: new Float64Array(3),
    memory: 50,
  };
}

const updates = () => false;
const still = {
  estimate: () => ({ gradient: Float64Array.of(1), eigenvalues: null, fallback: null }),
};

const ladder = () => {
  const at = glocal({ robust: true }).begin?.({ size: 3, steps: 150, seed: 0 } as StudyFacts);
  if (!at) throw new Error("a ladder begins with each study");
  return at;
};

describe("the ladder", () => {
  test("takes DMD where points follow a law, foretells the end, and lets tangents begin again", () => {
    const at = ladder();
    const found: Estimate = at.estimate(windowOf(10, law));
    expect(found).toMatchObject({ chosen: "dmd", fallback: null });
    law(9 + LEFT).forEach((truth, i) => {
      expect(Math.abs((found.gradient[i] as number) - truth)).toBeLessThan(0.02);
    });
    expect(found.confidence).toBeGreaterThan(0.85);
    expect(found.reason).toMatch(
      /held-out points with .* of the error of "last".*forecasts of the end/,
    );
    expect(found.eigenvalues?.length).toBe(4);
    expect(at.carries?.()).toBe(false);
  });

  test("takes the mean where they only fluctuate, says why, and keeps tangents", () => {
    const at = ladder();
    const next = noise(5);
    const window = windowOf(10, () => [1 + next(), -2 + next(), 0.5 + next()]);
    const found = at.estimate(window);
    expect(found).toMatchObject({ chosen: "mean", eigenvalues: null, fallback: null });
    const confidence = found.confidence as number;
    const mean = Array.from({ length: 10 }, (_, t) => (window.data[3 * t] as number) / 10);
    expect(found.gradient[0]).toBeCloseTo(confidence * mean.reduce((a, b) => a + b), 12);
    expect(confidence).toBeGreaterThan(0.2);
    expect(found.reason).toMatch(
      /foretold the held-out points with .* of the error of "mean", not 0.2/,
    );
    expect(found.confidence).toBeLessThan(0.8);
    expect(at.carries?.()).toBe(true);
  });

  test.each([1, 2, 3, 4, 5])("does not trust a forecast that %i points cannot test", (points) => {
    const at = ladder();
    const window = windowOf(points, law);
    const found = at.estimate(window);
    expect(found).toMatchObject({ chosen: "mean", eigenvalues: null, fallback: null });
    expect(found.confidence).toBe(0);
    expect(found.reason).toBe(`too few points to hold any out: ${points}, not 6`);
    const first = Array.from({ length: points }, (_, t) => window.data[3 * t] as number);
    expect(found.gradient[0]).toBeCloseTo(first.reduce((a, b) => a + b) / points, 12);
    expect(at.carries?.()).toBe(true);
  });

  test("shrinks a mean that its points do not agree on, and not one that they do", () => {
    const [share, next] = [0.01, noise(9)];
    const near = windowOf(10, () => [1, -2, 0.5].map((h) => h * (1 + share * next())));
    const far = windowOf(10, () => [1, -2, 0.5].map((h) => h * (1 + 30 * next())));
    const sizes = [near, far].map((window) => {
      const { gradient } = ladder().estimate(window);
      const mean = [0, 1, 2].map((i) =>
        Array.from({ length: 10 }, (_, t) => (window.data[3 * t + i] as number) / 10).reduce(
          (a, b) => a + b,
        ),
      );
      return gradient.map((value, i) => value / (mean[i] as number));
    });
    for (const size of sizes[0] as Float64Array) expect(size).toBeGreaterThan(0.98);
    for (const size of sizes[1] as Float64Array) expect(size).toBeLessThan(0.5);
  });

  test("tests forecasts of 6 points on 2 of them", () => {
    const settling = (t: number) => [1 + 0.5 ** t, -2 + 0.8 ** t, 0.5];
    expect(ladder().estimate(windowOf(6, settling)).chosen).toBe("dmd");
    const next = noise(7);
    const fluctuating = () => [next(), next(), next()];
    expect(ladder().estimate(windowOf(6, fluctuating)).chosen).toBe("mean");
  });

  test.each([
    ["zeros", [0, 0, 0]],
    ["constants", [0.1, -3, 1e-9]],
  ])("stays where nothing moves: %s", (_, values) => {
    const at = ladder();
    const found = at.estimate(windowOf(10, () => values));
    expect(["mean", "last"]).toContain(found.chosen);
    expect(found.reason).toBe("the held-out points do not move");
    expect(found.confidence).toBeCloseTo(1, 12);
    values.forEach((value, i) => {
      expect(Math.abs((found.gradient[i] as number) - value)).toBeLessThanOrEqual(
        1e-15 * Math.abs(value),
      );
    });
    expect(at.carries?.()).toBe(true);
  });

  test.each([1e-180, 1e200])("decides alike for numbers around %d", (scale) => {
    const next = noise(5);
    const numbers = Array.from({ length: 10 }, () => [next(), next(), next()]);
    const [plain, other] = [1, scale].map((by) =>
      ladder().estimate(windowOf(10, (t) => (numbers[t] as number[]).map((h) => by * h))),
    );
    expect(other?.chosen).toBe(plain?.chosen);
    expect(other?.confidence).toBeCloseTo(plain?.confidence as number, 9);
  });

  test.each([
    ["always zero", () => 0],
    ["constant", () => 0.5],
    ["constant but for rounding", (t: number) => 0.5 * (1 + 1e-7 * Math.cos(9 * t))],
  ])("is not kept from a forecast by a hyperparameter whose hypergradient is %s", (_, still) => {
    const next = noise(11);
    for (let trial = 0; trial < 20; trial++) {
      const amounts = Array.from({ length: 9 }, next);
      const at = (t: number) =>
        [0, 1, 2].map((i) =>
          Math.fround(
            i === 1
              ? still(t)
              : rates.reduce((sum, rate, k) => sum + (amounts[3 * i + k] as number) * rate ** t, 1),
          ),
        );
      const found = ladder().estimate(windowOf(10, at));
      expect(["dmd", "affine"]).toContain(found.chosen);
      expect(found.gradient[1]).toBeCloseTo(still(0), 1);
      expect(found.confidence).toBeGreaterThan(0.2);
    }
  });

  test.each([
    [10, 5],
    [10, 8],
    [9, 4],
    [9, 7],
    [8, 4],
    [8, 6],
  ])("keeps DMD with last %i and stacks %i", (last, stacks) => {
    const found = glocal({ last, stacks }).estimate(windowOf(last, law));
    expect(found.chosen).toBe("dmd");
    law(last - 1 + LEFT).forEach((truth, i) => {
      expect(Math.abs((found.gradient[i] as number) - truth)).toBeLessThan(0.02);
    });
  });

  test("counts every hyperparameter alike, however small its hypergradient", () => {
    const scaled = (t: number) => law(t).map((h, i) => h * [1e-6, 1, 1e4][i]!);
    const [plain, other] = [law, scaled].map((at) => ladder().estimate(windowOf(10, at)));
    expect(other?.chosen).toBe("dmd");
    expect((other?.gradient[0] as number) / 1e-6).toBeCloseTo(plain?.gradient[0] as number, 2);
  });

  test("only looks at the first window, unless its points follow a law", () => {
    const at = ladder();
    const next = noise(3);
    const first = { ...windowOf(10, () => [next(), next(), next()]), window: 1 };
    expect(at.estimate(first).reason).toMatch(/the first window moves nothing/);
    expect(at.updates?.()).toBe(false);
    expect(at.estimate({ ...first, window: 2 }).reason).not.toMatch(/the first window/);
    expect(at.updates?.()).toBe(true);
    expect(at.estimate({ ...windowOf(10, law), window: 1 }).chosen).toBe("dmd");
    expect(at.updates?.()).toBe(true);
  });

  test("a first window that moves nothing leaves the hyperparameters as they began", async () => {
    const [one, two] = await windowsOf(
      bilevel(
        linearProblem({
          hypergradient: { ...local({ window: 10 }), begin: () => ({ ...still, updates }) },
          steps: 20,
        }),
      ),
    );
    expect(one?.hypergradient?.lr).toBe(1);
    expect(two?.hyper).toEqual(one?.hyper);
  });

  test("reports its choice in every window of a study", async () => {
    const windows = await windowsOf(
      bilevel(
        linearProblem({
          hypergradient: glocal({ robust: true, window: 10 }),
          steps: 33,
          outer: optim.sgd({ lr: 0 }),
        }),
      ),
    );
    for (const { chosen, reason, confidence, tangents } of windows) {
      expect(["dmd", "affine", "mean", "last"]).toContain(chosen);
      expect(reason).not.toBe("");
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(tangents).toBeDefined();
    }
    expect(windows.at(-1)).toMatchObject({ chosen: "mean", confidence: 0 });
  });

  test.each([
    [{ robust: "yes" }, /robust to be true or false/],
    [{ robust: true, policy: "paper" }, /robust glocal to have only/],
    [{ robust: true, last: 3, stacks: 2 }, /stacks/],
    [
      { last: 5, stacks: 2 },
      /last to be at least 6 where held-out points choose.*received 5.*fit:/,
    ],
  ])("refuses %j", (settings, message) => {
    expect(() => glocal(settings as object)).toThrow(message);
  });

  test.each(["robust", "fit", "policy", "pool", "rank", "tolerance", "rcond", "last", "tangents"])(
    "is what glocal({ %s: undefined }) is",
    (name) => {
      const { chosen } = glocal({ [name]: undefined }).estimate(windowOf(10, law));
      expect(chosen).toBe("dmd");
    },
  );
});

describe("the ladder's tangents", () => {
  test("look back on five windows, and on less as the end comes near", () => {
    const { tangents } = glocal();
    const decay = (tangents as CarriedTangents).decay as (progress: Progress) => number;
    const [window, steps] = [50, 1000];
    const memories: number[] = [];
    let memory = 0;
    for (let stepsDone = 0; stepsDone < steps; stepsDone += window) {
      const stepsLeft = steps - stepsDone;
      memory = window + decay({ stepsDone, stepsLeft, window }) * memory;
      memories.push(memory);
    }
    // Toward five windows: 1 + 4/5 + (4/5)² + … of them.
    memories.slice(0, 16).forEach((found, i) => {
      expect(found).toBeCloseTo(window * 5 * (1 - 0.8 ** (i + 1)), 9);
    });
    // Then γ = 3/5, 2/5, 1/5, 0.
    const fading = memories.slice(15).map((found) => found / window);
    [0.6, 0.4, 0.2, 0].forEach((gamma, i) => {
      expect(fading[i + 1]).toBeCloseTo(1 + gamma * (fading[i] as number), 9);
    });
  });

  test("are carried where that is cheap, unless a study says otherwise", () => {
    const suited = (estimator: Estimator, size: number, mode: "auto" | "reverse") =>
      (estimator.suited?.({ size, mode }) ?? estimator).tangents;
    expect(suited(glocal(), 3, "auto")).toBe(glocal().tangents);
    expect(suited(glocal(), 33, "auto")).toBe("reset");
    expect(suited(glocal(), 3, "reverse")).toBe("reset");
    expect(suited(glocal({ tangents: "carry" }), 33, "reverse")).toBe("carry");
  });
});
