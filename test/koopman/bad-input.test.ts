import { describe, expect, test } from "vitest";
import { GlocalError } from "../../lib/errors.js";
import { type DmdOptions, dmd, hankel, type Snapshots } from "../../lib/koopman/index.js";
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
    ["an unknown library", { linalg: "numpy" }],
    ["an unknown device", { linalg: "cusolver", device: "tpu" }],
    ["cuSOLVER on the CPU", { linalg: "cusolver", device: "cpu" }],
  ])("%s", (_, options) => {
    expect(codeOf(() => dmd(good, options as DmdOptions))).toBe("GLOCAL_BAD_OPTION");
  });

  test("of hankel", () => {
    expect(codeOf(() => hankel(good, 6))).toBe("GLOCAL_BAD_OPTION");
    expect(codeOf(() => hankel(good, 0))).toBe("GLOCAL_BAD_OPTION");
  });

  test.each([
    ["tolerance 0", { tolerance: 0 }],
    ["an infinite tolerance", { tolerance: Number.POSITIVE_INFINITY }],
    ["tolerance NaN", { tolerance: Number.NaN }],
    ["an unknown policy", { policy: "hopeful" }],
  ])("of the steady state: %s", (_, options) => {
    const fit = dmd(good);
    expect(codeOf(() => fit.steadyState(options as { tolerance: number }))).toBe(
      "GLOCAL_BAD_OPTION",
    );
  });
});

describe("snapshots", () => {
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
