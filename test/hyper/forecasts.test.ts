/** glocal by any fit and policy, pooled fits, and affine. */
import { describe, expect, test } from "vitest";
import { affine, type Estimator, glocal, type WindowTrajectory } from "../../lib/index.js";
import { dmd } from "../../lib/koopman/index.js";
import { noise } from "./support.js";

/** h′ = 0.8 h + c, for two numbers. */
function settling(rest: readonly number[], start: readonly number[], points: number): number[][] {
  const all = [[...start]];
  while (all.length < points)
    all.push((all.at(-1) as number[]).map((h, i) => 0.8 * h + 0.2 * (rest[i] as number)));
  return all;
}

function windowOf(
  points: readonly (readonly number[])[],
  more: Partial<WindowTrajectory> = {},
): WindowTrajectory {
  const size = (points[0] as readonly number[]).length;
  return {
    data: Float64Array.from(points.flat()),
    points: points.length,
    size,
    stepsLeft: 30,
    window: 1,
    steps: 50,
    stepsDone: 50,
    phi: new Float64Array(size),
    memory: 50,
    ...more,
  };
}

const begun = (estimator: Estimator) => {
  const at = estimator.begin?.({ size: 2, steps: 100, seed: 0, device: undefined as never });
  if (!at) throw new Error("a pool begins with each study");
  return at;
};

describe("affine", () => {
  test("finds where a trajectory comes to rest, from far away", () => {
    const { gradient, fallback, eigenvalues } = affine().estimate(
      windowOf(settling([3, -1], [10, 20], 10)),
    );
    expect(fallback).toBeNull();
    expect(gradient[0]).toBeCloseTo(3, 8);
    expect(gradient[1]).toBeCloseTo(-1, 8);
    expect(eigenvalues?.some(([re, im]) => re === 1 && im === 0)).toBe(true);
  });

  test("with a policy that counts steps stops where training does", () => {
    const { gradient } = affine({ policy: "horizon" }).estimate(
      windowOf(settling([3, -1], [10, 20], 10), { stepsLeft: 5 }),
    );
    const truth = settling([3, -1], [10, 20], 15).at(-1) as number[];
    expect(gradient[0]).toBeCloseTo(truth[0] as number, 8);
    expect(gradient[1]).toBeCloseTo(truth[1] as number, 8);
  });
});

describe("glocal by fit and policy", () => {
  test("says what dmd says with the same options", () => {
    const next = noise(3);
    const points = settling([3, -1], [10, 20], 12).map((h) => h.map((x) => x + 0.1 * next()));
    const turned = [0, 1].flatMap((i) => points.map((h) => h[i] as number));
    for (const policy of ["horizon", "average", "project"] as const)
      for (const variant of [
        "exact",
        "projected",
        "hodmd",
        "forward-backward",
        "subspace",
      ] as const) {
        const estimator = glocal({ last: 12, stacks: 2, fit: variant, policy, rcond: 1e-6 });
        const own = dmd(
          { data: Float64Array.from(turned), shape: [2, 12] },
          { variant, stacks: 2, rcond: 1e-6 },
        ).steadyState({ policy, steps: 30 });
        expect(estimator.estimate(windowOf(points)).gradient).toEqual(own.value);
      }
  });

  test("is the last point where nothing is left to foretell", () => {
    const points = settling([3, -1], [10, 20], 10);
    const { gradient, fallback } = glocal({ policy: "horizon" }).estimate(
      windowOf(points, { stepsLeft: 0 }),
    );
    expect([...gradient]).toEqual(points.at(-1));
    expect(fallback).toBeNull();
  });

  test("takes the options of a variant", () => {
    const { gradient } = glocal({
      stacks: 1,
      fit: { variant: "optimized", constraints: ["stable"] },
      policy: "horizon",
    }).estimate(windowOf(settling([3, -1], [10, 20], 10), { stepsLeft: 200 }));
    expect(gradient[0]).toBeCloseTo(3, 4);
  });

  test.each([
    [{ fit: "best" }, /variant to be "exact"/],
    [{ fit: { tikhonov: -1 } }, /tikhonov/],
    [{ fit: { variant: "exact", trials: 3 } }, /trials only with variant "bagged"/],
    [{ fit: { stacks: 2 } }, /fit to have only/],
    [{ policy: "guess" }, /policy to be/],
    [{ policy: "fixed-point" }, /fit "affine" for policy "fixed-point"/],
    [{ policy: "horizon", tolerance: 0.1 }, /no tolerance with policy "horizon"/],
    [{ pool: { windows: 1 } }, /windows of the pool/],
    [{ pool: { forget: 0 } }, /forget of the pool/],
    [{ pool: { control: 1 } }, /control of the pool/],
    [{ pool: {}, fit: "bagged" }, /a fit by regression where windows are pooled/],
    [{ pool: { control: true }, fit: "subspace" }, /fit "exact" or "affine" where hyperparameters/],
  ])("refuses %j", (settings, message) => {
    expect(() => glocal(settings as object)).toThrow(message);
  });

  test("takes undefined settings for settings that are not given", () => {
    const window = windowOf(settling([3, -1], [10, 20], 10));
    const say = (estimator: Estimator) => [...estimator.estimate(window).gradient];
    expect(say(affine({ stacks: undefined } as object))).toEqual(say(affine()));
    expect(say(glocal.paper({ fit: undefined } as object))).toEqual(say(glocal.paper()));
    const open = { fit: { variant: undefined, stacks: undefined }, pool: { size: undefined } };
    expect(say(glocal(open as object))).toEqual(say(glocal({ fit: "exact", pool: {} })));
  });

  test("affine and the paper's rule refuse what is not theirs", () => {
    expect(() => affine({ policy: "paper" } as object)).toThrow(/policy of affine/);
    expect(() => affine({ fit: "exact" } as object)).toThrow(/affine to have only/);
    expect(() => glocal.paper({ policy: "horizon" } as object)).toThrow(/paper to have only/);
  });
});

describe("pooled fits", () => {
  test("find under noise what one window does not show", () => {
    const apart = (estimator: Estimator) => {
      const at = estimator.begin ? begun(estimator) : estimator;
      let gradient = new Float64Array(2);
      for (let window = 0; window < 20; window++) {
        const next = noise(50 + window);
        const start = [10 + 5 * next(), 10 + 5 * next()];
        const points = settling([3, -1], start, 10).map((h) => h.map((x) => x + 0.3 * next()));
        const shown = { ...windowOf(points), window: window + 1 };
        gradient = at.estimate(shown).gradient as Float64Array<ArrayBuffer>;
      }
      return Math.hypot((gradient[0] as number) - 3, (gradient[1] as number) + 1);
    };
    const alone = apart(affine());
    const pooled = apart(affine({ pool: { windows: 20, forget: 1 } }));
    expect(pooled).toBeLessThan(0.5 * alone);
    expect(pooled).toBeLessThan(0.2);
  });

  test("replace what a window left that begins again, and those after it", () => {
    const at = begun(affine({ pool: { windows: 5, forget: 1 } }));
    const good = (window: number) => ({
      ...windowOf(settling([3, -1], [10 + window, 20], 10)),
      window,
    });
    const exploding = Array.from({ length: 10 }, (_, t) => [2 ** t, -(3 ** t)]);
    at.estimate(good(1));
    at.estimate({ ...windowOf(exploding), window: 2 });
    at.estimate({ ...windowOf(exploding), window: 3 });
    const { gradient } = at.estimate(good(2));
    expect(gradient[0]).toBeCloseTo(3, 6);
    expect(gradient[1]).toBeCloseTo(-1, 6);
  });

  test("with control learn how hyperparameters move the point of rest", () => {
    const at = begun(affine({ pool: { windows: 6, forget: 1, control: true } }));
    const rest = (phi: readonly number[]) => [1 + 2 * (phi[0] as number), -1 + (phi[1] as number)];
    let gradient: Float64Array = new Float64Array(2);
    const phis = [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
      [2, 1],
    ];
    for (const phi of phis)
      gradient = at.estimate(
        windowOf(settling(rest(phi), [10, 20], 10), { phi: Float64Array.from(phi) }),
      ).gradient;
    expect(gradient[0]).toBeCloseTo(5, 6);
    expect(gradient[1]).toBeCloseTo(0, 6);
  });

  test("keep their windows to themselves", () => {
    const estimator = affine({ pool: {} });
    const [one, two] = [begun(estimator), begun(estimator)];
    one.estimate(windowOf(settling([50, 50], [0, 0], 10)));
    const { gradient } = two.estimate(windowOf(settling([3, -1], [10, 20], 10)));
    expect(gradient[0]).toBeCloseTo(3, 8);
  });

  test("do without windows too short to be stacked", () => {
    const at = begun(glocal({ pool: {}, policy: "horizon" }));
    at.estimate(windowOf(settling([3, -1], [10, 20], 3)));
    const { fallback } = at.estimate(windowOf(settling([3, -1], [10, 20], 10)));
    expect(fallback).toBeNull();
  });
});
