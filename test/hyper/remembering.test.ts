/** Estimators with a memory of their own, and what they may say besides the gradient. */
import { describe, expect, test } from "vitest";
import {
  bilevel,
  type Estimate,
  type Estimator,
  global,
  glocal,
  last,
  local,
  mean,
  none,
  optim,
  type StudyFacts,
  type WindowTrajectory,
} from "../../lib/index.js";
import { linearProblem, run } from "./support.js";

const still = optim.sgd({ lr: 0 });
const plain = (gradient: Float64Array): Estimate => ({
  gradient,
  eigenvalues: null,
  fallback: null,
});

/** The mean of the last points of all windows so far, and a record of what it was told. */
function remembering() {
  const begun: StudyFacts[] = [];
  const seen: WindowTrajectory[] = [];
  const estimator: Estimator = {
    ...local({ window: 8 }),
    name: "remembering",
    last: 3,
    estimate: () => {
      throw new Error("begin has given another");
    },
    begin: (facts) => {
      begun.push(facts);
      const past: number[] = [];
      return {
        estimate: (window) => {
          seen.push(window);
          past.push(window.data.at(-1) as number);
          return plain(Float64Array.of(past.reduce((a, b) => a + b) / past.length));
        },
      };
    },
  };
  return { estimator, begun, seen };
}

describe("an estimator that remembers", () => {
  test("is told of the study, and of every window where it stands and what was in force", async () => {
    const { estimator, begun, seen } = remembering();
    const { windows } = await run(linearProblem({ hypergradient: estimator, seed: 4 }));
    expect(begun).toMatchObject([{ size: 1, steps: 20, seed: 4, device: { name: "cpu" } }]);
    const facts = seen.map(({ window, steps, stepsDone, stepsLeft, memory, points }) => [
      window,
      steps,
      stepsDone,
      stepsLeft,
      memory,
      points,
    ]);
    expect(facts).toEqual([
      [1, 8, 8, 12, 8, 3],
      [2, 8, 16, 4, 8, 3],
      [3, 4, 20, 0, 4, 3],
    ]);
    seen.forEach(({ phi }, i) => {
      expect(Math.exp(phi[0] as number)).toBeCloseTo(windows[i]?.hyper.lr as number, 14);
    });
  });

  test("is asked in place of its value, with what it knows of earlier windows", async () => {
    const { estimator, seen } = remembering();
    const { windows } = await run(linearProblem({ hypergradient: estimator, outer: still }));
    const ends = seen.map(({ data }) => data.at(-1) as number);
    expect(windows.map((w) => w.hypergradient?.lr)).toEqual(
      ends.map((_, i) => ends.slice(0, i + 1).reduce((a, b) => a + b) / (i + 1)),
    );
  });

  test("begins anew in every study", async () => {
    const { estimator, begun } = remembering();
    const one = await run(linearProblem({ hypergradient: estimator }));
    const two = await run(linearProblem({ hypergradient: estimator }));
    expect(begun.length).toBe(2);
    expect(two.windows.map((w) => w.hypergradient)).toEqual(
      one.windows.map((w) => w.hypergradient),
    );
  });

  test("ends the study with its error, if it cannot begin", async () => {
    const broken: Estimator = {
      ...local({ window: 5 }),
      begin: () => {
        throw new RangeError("mine");
      },
    };
    await expect(bilevel(linearProblem({ hypergradient: broken })).result).rejects.toThrow("mine");
  });
});

test("what an estimator chose, why and with what confidence is in the window's report", async () => {
  const choosing: Estimator = {
    ...local({ window: 10 }),
    estimate: ({ data, stepsLeft }) => ({
      ...plain(data),
      ...(stepsLeft > 0 ? { chosen: "last", reason: "one point", confidence: 0.25 } : {}),
    }),
  };
  const { windows } = await run(linearProblem({ hypergradient: choosing }));
  expect(windows[0]).toMatchObject({ chosen: "last", reason: "one point", confidence: 0.25 });
  for (const name of ["chosen", "reason", "confidence", "tangents"])
    expect(windows[1]).not.toHaveProperty(name);
});

describe("the baselines", () => {
  const trajectory = {
    data: Float64Array.of(1, 10, 2, 20, 6, 60),
    points: 3,
    size: 2,
    stepsLeft: 100,
  };

  test("last holds the last, as local does", async () => {
    expect([...last().estimate(trajectory).gradient]).toEqual([6, 60]);
    const of = async (hypergradient: Estimator) =>
      (await run(linearProblem({ hypergradient }))).windows.map((w) => w.hypergradient);
    expect(await of(last({ window: 5 }))).toEqual(await of(local({ window: 5 })));
    expect(last().name).toBe("last");
  });

  test("mean takes the mean of the points there are", () => {
    expect([...mean(3).estimate(trajectory).gradient]).toEqual([3, 30]);
    expect(mean(3)).toMatchObject({ name: "mean", last: 3, window: 50, horizon: "window" });
    expect(mean().last).toBe(10);
  });

  test("glocal.paper is the paper's rule, under its own name", async () => {
    const settings = { window: 10, last: 8, stacks: 2 };
    expect(glocal.paper().name).toBe("paper");
    const of = async (hypergradient: Estimator) =>
      (await run(linearProblem({ hypergradient }))).windows.map(({ msPerStep: _, ...w }) => w);
    expect(await of(glocal.paper(settings))).toEqual(
      await of(glocal({ ...settings, policy: "paper" })),
    );
  });
});

describe("estimators refuse", () => {
  const wrong = (value: unknown) => value as never;
  test.each([
    ["mean of nothing", () => mean(0), /k to be a whole number from 1 to 50.*0/],
    ["mean of more than a window", () => mean(6, { window: 5 }), /k .* from 1 to 5.*6/],
    ["mean by settings", () => mean(wrong({ k: 3 })), /k to be a whole number/],
    ["an unknown setting of last", () => last(wrong({ last: 3 })), /last to have only.*"last"/],
    [
      "an unknown setting of the paper's rule",
      () => glocal.paper(wrong({ q: 1 })),
      /paper to have only/,
    ],
    [
      "an unknown rule",
      () => local({ tangents: wrong("keep") }),
      /"reset", "carry" or \{ decay, clip \}.*"keep"/,
    ],
    ["a number as a rule", () => local({ tangents: wrong(0.5) }), /tangents to be .*0\.5/],
    [
      "an unknown setting of tangents",
      () => mean(3, { tangents: wrong({ gamma: 1 }) }),
      /decay, clip.*"gamma"/,
    ],
    ["a decay above 1", () => glocal({ tangents: { decay: 1.01 } }), /from 0 to 1.*1\.01/],
    ["a negative decay", () => local({ tangents: { decay: -0.1 } }), /from 0 to 1/],
    ["a decay that is no number", () => local({ tangents: { decay: Number.NaN } }), /from 0 to 1/],
    [
      "an unknown decay rule",
      () => local({ tangents: { decay: wrong("steps") } }),
      /"horizon" or a function.*"steps"/,
    ],
    [
      "a clip of nothing",
      () => local({ tangents: { clip: 0 } }),
      /clip of the tangents to be a number above 0/,
    ],
    ["an infinite clip", () => local({ tangents: { clip: Infinity } }), /clip/],
    [
      "tangents of none",
      () => none(wrong({ tangents: "carry" })),
      /none to have only the options window/,
    ],
    ["tangents of global", () => global(wrong({ tangents: "carry" })), /global to have only/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }));
  });

  const study =
    (hypergradient: Estimator, overrides: object = {}) =>
    () =>
      bilevel({ ...linearProblem({ hypergradient }), ...overrides });
  test.each([
    [
      "carried tangents in reverse mode",
      study(local({ window: 5, tangents: "carry" }), { mode: "reverse" }),
      /mode to be "forward" or "auto" where tangents are carried.*"reverse"/,
    ],
    [
      "carried tangents in a playout",
      study({ ...global({ window: 5 }), tangents: "carry" }),
      /"reset" of an estimator whose horizon is "playout".*"carry"/,
    ],
    [
      "carried tangents in a restart",
      study({ ...global({ window: 5, mode: "restart" }), tangents: { decay: 0.5 } }),
      /horizon is "restart"/,
    ],
    [
      "a bad rule of one's own estimator",
      study({ ...local(), tangents: wrong(1) }),
      /tangents to be/,
    ],
    [
      "a begin that is no function",
      study({ ...local(), begin: wrong(1) }),
      /begin of the estimator/,
    ],
  ])("%s, as a study begins", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }));
  });

  test("nothing that resets, in reverse mode", async () => {
    const hypergradient = local({ window: 5, tangents: "reset" });
    const { windows } = await run(linearProblem({ hypergradient, mode: "reverse" }));
    expect(windows.length).toBe(4);
  });
});
