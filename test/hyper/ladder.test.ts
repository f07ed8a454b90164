/** The ladder: which forecast a window's own points bear out. */
import { describe, expect, test } from "vitest";
import {
  bilevel,
  type CarriedTangents,
  type Estimate,
  type Estimator,
  glocal,
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
    window: 1,
    steps: 50,
    stepsDone: 50,
    phi: new Float64Array(3),
    memory: 50,
  };
}

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
    expect(found.gradient[0]).toBeCloseTo(
      Array.from({ length: 10 }, (_, t) => window.data[3 * t] as number).reduce((a, b) => a + b) /
        10,
      12,
    );
    expect(found.reason).toMatch(/foretold the held-out points with .* of its error, not 0.2/);
    expect(found.confidence).toBeLessThan(0.8);
    expect(at.carries?.()).toBe(true);
  });

  test("has an answer for windows of any length, zeros and constants included", () => {
    for (let points = 1; points <= 6; points++) {
      const found = ladder().estimate(windowOf(points, law));
      expect(found.gradient.every(Number.isFinite)).toBe(true);
      expect(found.confidence).toBeGreaterThanOrEqual(0);
      expect(found.confidence).toBeLessThanOrEqual(1);
    }
    for (const value of [0, 3]) {
      const found = ladder().estimate(windowOf(10, () => [value, value, value]));
      for (const h of found.gradient) expect(h).toBeCloseTo(value, 10);
    }
  });

  test("counts every hyperparameter alike, however small its hypergradient", () => {
    const scaled = (t: number) => law(t).map((h, i) => h * [1e-6, 1, 1e4][i]!);
    const [plain, other] = [law, scaled].map((at) => ladder().estimate(windowOf(10, at)));
    expect(other?.chosen).toBe("dmd");
    expect((other?.gradient[0] as number) / 1e-6).toBeCloseTo(plain?.gradient[0] as number, 2);
  });

  test("reports its choice in every window of a study", async () => {
    const windows = await windowsOf(
      bilevel(
        linearProblem({
          hypergradient: glocal({ robust: true, window: 10 }),
          steps: 40,
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
  });

  test.each([
    [{ robust: "yes" }, /robust to be true or false/],
    [{ robust: true, policy: "paper" }, /robust glocal to have only/],
    [{ robust: true, last: 3, stacks: 2 }, /stacks/],
  ])("refuses %j", (settings, message) => {
    expect(() => glocal(settings as object)).toThrow(message);
  });
});

describe("the ladder's tangents", () => {
  test("look back on as many steps as were left at the window's beginning, or were done", () => {
    const { tangents } = glocal();
    const decay = (tangents as CarriedTangents).decay as (progress: Progress) => number;
    const [window, steps] = [50, 1000];
    let memory = 0;
    for (let stepsDone = 0; stepsDone < steps; stepsDone += window) {
      const stepsLeft = steps - stepsDone;
      memory = window + decay({ stepsDone, stepsLeft, window }) * memory;
      expect(memory).toBeCloseTo(Math.min(stepsDone + window, stepsLeft), 9);
    }
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
