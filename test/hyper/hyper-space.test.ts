import { describe, expect, test } from "vitest";
import { HyperSpace } from "../../lib/hyper/hyper-space.js";
import { array, learn } from "../../lib/index.js";

describe("scales", () => {
  const scaleOf = (hyper: object): number[] => {
    const space = new HyperSpace(hyper);
    return [...space.scales(space.initial())];
  };

  test.each([
    ["exp", learn.exp(0.003), 1],
    ["a small sigmoid", learn.sigmoid(1e-4), 1 / (1 - 1e-4)],
    ["a sigmoid in the middle", learn.sigmoid(0.5), 1],
    // v / v′ is 100, φ itself log 99.
    ["a sigmoid near 1", learn.sigmoid(0.99), Math.log(99)],
    ["identity", learn.identity(0.003), 0.003],
    ["a negative identity", learn.identity(-0.02), 0.02],
    ["an identity at zero", learn.identity(0), 0],
    ["a small softplus", learn.softplus(1e-6), 1],
  ])("of %s", (_, parameter, expected) => {
    expect(scaleOf({ parameter })[0]).toBeCloseTo(expected, 5);
  });

  test("come in the order of φ, an entry of an array each", () => {
    const weights = learn.identity(array(Float64Array.of(0.1, 0.2)));
    const [lr, first, second] = scaleOf({ lr: learn.exp(2), fixed: 3, weights });
    expect([lr, first, second].map((s) => (s as number).toFixed(6))).toEqual([
      "1.000000",
      "0.100000",
      "0.200000",
    ]);
  });
});
