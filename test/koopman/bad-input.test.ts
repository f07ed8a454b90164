import { describe, expect, test } from "vitest";
import { GlocalError } from "../../lib/errors.js";
import {
  type DmdOptions,
  dmd,
  GlocalError as Exported,
  hankel,
  type Snapshots,
} from "../../lib/koopman/index.js";
import { openDevice } from "../../lib/runtime/device.js";
import { dmdBy, libraries, snapshotsOf } from "./support.js";

const good = snapshotsOf([
  [1, 2, 3, 5, 8],
  [1, 0, 1, 0, 1],
]);

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof GlocalError) {
      return error.code;
    }
    throw error;
  }
  return "no error";
}

describe("options", () => {
  test.each<[string, object]>([
    ["no stacks", { stacks: 0 }],
    ["a fraction of a stack", { stacks: 1.5 }],
    ["as many stacks as snapshots", { stacks: 5 }],
    ["rank 0", { rank: 0 }],
    ["a fractional rank", { rank: 1.5 }],
    ["a rank above the rows", { rank: 3 }],
    ["a rank above the columns", { stacks: 4, rank: 2 }],
    ["a negative rcond", { rcond: -1e-10 }],
    ["rcond 1", { rcond: 1 }],
    ["rcond NaN", { rcond: Number.NaN }],
    ["an unknown variant", { variant: "fastest" }],
    ["a negative part of the energy", { rank: { energy: -0.5 } }],
    ["more than all of the energy", { rank: { energy: 1.5 } }],
    ["an unknown rule for the rank", { rank: "best" }],
    ["a rank in space above the features", { spatialRank: 3 }],
    ["a negative ridge", { tikhonov: -1 }],
    ["an infinite ridge", { tikhonov: Number.POSITIVE_INFINITY }],
    ["a ridge where none is used", { variant: "optimized", tikhonov: 0.1 }],
    ["unknown amplitudes", { amplitudes: "some" }],
    ["amplitudes of a fit that has its own", { variant: "optimized", amplitudes: "all" }],
    ["too many weights", { weights: [1, 1] }],
    ["a weight of zero", { weights: [0] }],
    ["weights where none are used", { variant: "bagged", weights: [1] }],
    ["constraints where none are used", { constraints: ["stable"] }],
    ["an unknown constraint", { variant: "optimized", constraints: ["real"] }],
    ["no iterations", { variant: "optimized", maxIterations: 0 }],
    ["trials without bagging", { variant: "optimized", trials: 5 }],
    ["one trial", { variant: "bagged", trials: 1 }],
    ["a trial of nothing", { variant: "bagged", trialSize: 0 }],
    ["a trial of fewer columns than modes", { variant: "bagged", trialSize: 0.3 }],
    ["a fractional seed", { variant: "bagged", seed: 0.5 }],
    ["an energy that is no number", { rank: { energy: "0.5" } }],
    ["an energy with something else", { rank: { energy: 0.5, part: 1 } }],
    ["rcond as text", { rcond: "0.5" }],
    ["no rcond", { rcond: null }],
    ["a ridge as text", { tikhonov: "1" }],
    ["no ridge", { tikhonov: null }],
    ["stacks as text", { stacks: "2" }],
    ["a bigint", { stacks: 2n }],
    ["trialSize as text", { variant: "bagged", trialSize: "0.9" }],
    ["constraints as text", { variant: "optimized", constraints: "stable" }],
    ["weights that are a number", { weights: 5 }],
    ["weights that are text", { weights: "a" }],
    ["no weights", { weights: null }],
    ["weights of text", { weights: ["1"] }],
    ["no control", { control: null }],
    ["control of nothing", { control: [null] }],
    ["no device", { device: null }],
    ["a number for a device", { device: 5 }],
    ["something that is no device", { device: {} }],
    ["an unknown device, where none is needed", { linalg: "lapack", device: "tpu" }],
    ["a rank above what spatialRank leaves", { spatialRank: 1, rank: 2 }],
    ["control of a variant without", { variant: "subspace", control: good }],
    ["complex control", { control: { data: new Float64Array(10), shape: [1, 5], complex: true } }],
    ["an option that is none", { ranks: 2 }],
    ["an unknown library", { linalg: "numpy" }],
    ["an unknown device", { linalg: "cusolver", device: "tpu" }],
    ["cuSOLVER on the CPU", { linalg: "cusolver", device: "cpu" }],
  ])("%s", (_, options) => {
    expect(codeOf(() => dmd(good, options as DmdOptions))).toBe("GLOCAL_BAD_OPTION");
  });

  test.each([
    ["null", null],
    ["a name", "exact"],
    ["a list", []],
  ])("that are none: %s", (_, options) => {
    expect(codeOf(() => dmd(good, options as unknown as DmdOptions))).toBe("GLOCAL_BAD_OPTION");
  });

  test("an open device is one", () => {
    const device = openDevice({ device: "cpu", threads: 1 });
    expect(dmd(good, { device }).linalg).toBe("lapack");
    device.dispose();
  });

  test("a rank that spatialRank and stacks leave room for", () => {
    expect(dmd(good, { spatialRank: 1, stacks: 2, rank: 2 }).rank).toBe(2);
  });

  test("of hankel", () => {
    expect(codeOf(() => hankel(undefined as unknown as Snapshots, 2))).toBe("GLOCAL_BAD_OPTION");
    expect(codeOf(() => hankel(good, undefined as unknown as number))).toBe("GLOCAL_BAD_OPTION");
    expect(codeOf(() => hankel(good, 6))).toBe("GLOCAL_BAD_OPTION");
    expect(codeOf(() => hankel(good, 0))).toBe("GLOCAL_BAD_OPTION");
  });

  test.each([
    ["tolerance 0", { tolerance: 0 }],
    ["an infinite tolerance", { tolerance: Number.POSITIVE_INFINITY }],
    ["tolerance NaN", { tolerance: Number.NaN }],
    ["an unknown policy", { policy: "hopeful" }],
    ["no steps to the horizon", { policy: "horizon" }],
    ["no step at all", { policy: "average", steps: 0 }],
    ["half a step", { policy: "project", steps: 1.5 }],
    ["steps for the paper's rule", { policy: "paper", steps: 3 }],
    ["a tolerance for the horizon", { policy: "horizon", steps: 3, tolerance: 0.1 }],
    ["a fixed point without a constant", { policy: "fixed-point" }],
    ["null", null],
    ["a misspelt tolerance", { tol: 1e-9 }],
    ["a misspelt policy", { polcy: "paper" }],
    ["no tolerance", { tolerance: null }],
    ["an unknown name", "hopeful"],
    ["a name that wants steps", "average"],
  ])("of the steady state: %s", (_, options) => {
    const fit = dmd(good);
    expect(codeOf(() => fit.steadyState(options as { tolerance: number }))).toBe(
      "GLOCAL_BAD_OPTION",
    );
  });
});

test("a policy by its name is that policy with its defaults", () => {
  const fit = dmd(good, { variant: "affine" });
  expect(fit.steadyState("paper")).toEqual(fit.steadyState());
  expect(fit.steadyState("fixed-point")).toEqual(fit.steadyState({ policy: "fixed-point" }));
});

test("the error class comes with the export", () => {
  expect(() => dmd(good, { stacks: 0 })).toThrow(Exported);
});

describe("snapshots", () => {
  test.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 3],
    ["a list of nothing", [undefined]],
    ["rows", [[1, 2, 3]]],
  ])("that are none: %s", (_, given) => {
    expect(codeOf(() => dmd(given as unknown as Snapshots))).toBe("GLOCAL_BAD_OPTION");
  });

  test.each<[string, unknown, unknown, string]>([
    ["one snapshot", new Float64Array(3), [3, 1], "GLOCAL_BAD_SHAPE"],
    ["none", new Float64Array(0), [3, 0], "GLOCAL_BAD_SHAPE"],
    ["a shape that does not fit", new Float64Array(6), [2, 4], "GLOCAL_BAD_SHAPE"],
    ["three axes", new Float64Array(8), [2, 2, 2], "GLOCAL_BAD_SHAPE"],
    ["no shape", new Float64Array(8), undefined, "GLOCAL_BAD_SHAPE"],
    ["integers", new Int32Array(6), [2, 3], "GLOCAL_BAD_DTYPE"],
    ["a plain array", [1, 2, 3], [1, 3], "GLOCAL_BAD_DTYPE"],
    ["NaN", Float64Array.of(1, 2, Number.NaN), [1, 3], "GLOCAL_LINALG"],
    ["infinity", Float64Array.of(1, Number.NEGATIVE_INFINITY, 3), [1, 3], "GLOCAL_LINALG"],
  ])("%s", (_, data, shape, code) => {
    expect(codeOf(() => dmd({ data, shape } as Snapshots))).toBe(code);
  });

  test.each(libraries)("ratios beyond float64, by %s", (library) => {
    const dmd = dmdBy(library);
    expect(codeOf(() => dmd(snapshotsOf([[5e-324, 1]])))).toBe("GLOCAL_LINALG");
    expect(codeOf(() => dmd(snapshotsOf([[1, 5e-324]])))).toBe("GLOCAL_LINALG");
  });

  test("the message names the entry", () => {
    const data = Float64Array.of(1, 2, 3, 4, Number.NaN, 6);
    expect(() => dmd({ data, shape: [2, 3] })).toThrow("NaN in feature 1 at time 1");
  });
});

describe("trajectories and inputs", () => {
  const bad = (action: () => unknown) => expect(codeOf(action));

  test("lists", () => {
    bad(() => dmd([])).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd([good, snapshotsOf([[1, 2]])])).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd([good, snapshotsOf([[1], [2]])])).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd([good, good], { variant: "optimized" })).toBe("GLOCAL_BAD_OPTION");
    bad(() => dmd([good, good], { weights: [1] })).toBe("GLOCAL_BAD_OPTION");
    const nan = { ...good, data: good.data.map((v, k) => (k === 3 ? Number.NaN : v)) };
    expect(() => dmd([good, nan])).toThrow("finite snapshots[1]");
  });

  test("control", () => {
    bad(() => dmd(good, { control: snapshotsOf([[1, 2, 3]]) })).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd([good, good], { control: [good] })).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd(good, { control: [] })).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd(good, { control: [good, good] })).toBe("GLOCAL_BAD_SHAPE");
    expect(() => dmd(good, { control: [good, good] })).toThrow("each of the 1 trajectories");
    const fit = dmd(good, { control: snapshotsOf([[1, 2, 3, 1, 2]]) });
    bad(() => fit.forecast(2, { control: snapshotsOf([[1]]) })).toBe("GLOCAL_BAD_SHAPE");
    bad(() => fit.residual(good)).toBe("GLOCAL_BAD_OPTION");
    bad(() => dmd(good).forecast(2, { control: good })).toBe("GLOCAL_BAD_OPTION");
  });

  test("too short for the subspaces", () => {
    bad(() => dmd(snapshotsOf([[1, 2, 3]]), { variant: "subspace" })).toBe("GLOCAL_BAD_SHAPE");
  });

  test("complex data", () => {
    const data = Float64Array.of(1, 0, 0.5, 0.5, 0, 1);
    const complex = { data, shape: [1, 3], complex: true } as const;
    expect(dmd(complex).rank).toBe(1);
    bad(() => dmd({ ...complex, shape: [1, 6] })).toBe("GLOCAL_BAD_SHAPE");
    bad(() => dmd(complex, { linalg: "cusolver" })).toBe("GLOCAL_BAD_OPTION");
    bad(() => dmd(complex, { variant: "optimized", constraints: ["conjugate-pairs"] })).toBe(
      "GLOCAL_BAD_OPTION",
    );
    const nan = { ...complex, data: data.map((v, k) => (k === 3 ? Number.NaN : v)) };
    expect(() => dmd(nan)).toThrow("NaN in feature 0 at time 1");
  });

  test("forecasts and what was not seen", () => {
    const fit = dmd(good, { stacks: 2 });
    bad(() => fit.forecast(0)).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.forecast(1e6)).toBe("GLOCAL_LINALG");
    bad(() => fit.forecast("3" as unknown as number)).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.forecast(2, null as unknown as object)).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.forecast(2, { contrl: good } as object)).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.residual(null as unknown as Snapshots)).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.residual(undefined, { control: good })).toBe("GLOCAL_BAD_OPTION");
    bad(() => fit.residual(snapshotsOf([[1, 2, 3]]))).toBe("GLOCAL_BAD_SHAPE");
    bad(() => fit.residual(snapshotsOf([[1], [2]]))).toBe("GLOCAL_BAD_SHAPE");
  });
});

test("a forecast too long for the memory is refused before it begins", () => {
  for (const fit of [dmd(good), dmd(snapshotsOf([[1, 0.5, 0.25, 0.125]]))]) {
    for (const count of [2 ** 53 - 1, 2 ** 44]) {
      expect(codeOf(() => fit.forecast(count))).toBe("GLOCAL_OUT_OF_MEMORY");
    }
  }
});

test("a forecast stops where it leaves float64, however long it was to be", () => {
  const start = performance.now();
  expect(codeOf(() => dmd(good).forecast(3e6))).toBe("GLOCAL_LINALG");
  // Three million states take seconds, the thousand that are finite take none.
  expect(performance.now() - start).toBeLessThan(2000);
});

const VARIANTS = [
  ...["exact", "projected", "hodmd", "forward-backward", "total-least-squares", "affine"],
  ...["subspace", "optimized", "bagged"],
] as NonNullable<DmdOptions["variant"]>[];

describe.each(VARIANTS)("%s of", (variant) => {
  test("zeros", () => {
    const fit = dmd(snapshotsOf([Array(9).fill(0), Array(9).fill(0)]), { variant });
    expect(fit.rank).toBe(0);
    expect(fit.eigenvalues).toHaveLength(variant === "affine" ? 2 : 0);
    expect([...fit.reconstruct().data]).toEqual(Array(18).fill(0));
    expect([...fit.forecast(2).data]).toEqual(Array(4).fill(0));
    expect([...(fit.steadyState({ policy: "horizon", steps: 3 }).value ?? [])]).toEqual([0, 0]);
    expect(fit.residual()).toBe(0);
    expect(JSON.parse(JSON.stringify(fit)).rank).toBe(0);
  });

  test("a constant", () => {
    const fit = dmd(snapshotsOf([Array(9).fill(0.3), Array(9).fill(-7)]), { variant });
    expect(fit.eigenvalues).toHaveLength(2);
    expect(fit.eigenvalues[0]).toBeCloseTo(1, 12);
    for (const policy of [{}, { policy: "average", steps: 99 }] as const) {
      const { value } = fit.steadyState(policy);
      expect(value?.[0]).toBeCloseTo(0.3, 10);
      expect(value?.[1]).toBeCloseTo(-7, 10);
    }
  });

  test("one feature", () => {
    const fit = dmd(snapshotsOf([Array.from({ length: 12 }, (_, t) => 2 + 0.5 ** t)]), {
      ...{ variant, stacks: 3 },
    });
    expect(fit.steadyState({ policy: "horizon", steps: 60 }).value?.[0]).toBeCloseTo(2, 8);
  });
});

test("float32 is converted", () => {
  const data = Float32Array.of(1, 0.5, 0.25, 0.125);
  const fit = dmd({ data, shape: [1, 4] });
  expect(fit.eigenvalues[0]).toBe(0.5);
});
