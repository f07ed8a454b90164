/** What `bench estimators` say, from rows made up. */
import { describe, expect, test } from "vitest";
import { subsetReport, verifyReport } from "../../bench/estimators/report.js";
import { fingerprintOf } from "../../bench/estimators/results.js";
import { last, mean } from "../../lib/index.js";
import { cellsOf } from "./tables.js";

describe("estimates beside the truth", () => {
  const place = { start: 0, horizon: 100 };
  const comparison = (estimator: string, start: number, cosine: number, error: number) => ({
    ...{ ...place, estimator, start, gradient: [1], cosine, error, fallback: null },
    ...(estimator === "glocal({ robust: true })" ? { confidence: cosine } : {}),
  });
  const verification = (ceilings: readonly (number | null)[], orders: number) => ({
    truths: ceilings.map((ceiling, i) => ({
      ...{ ...place, start: 50 * i, gradient: [1], ceiling, orders },
    })),
    comparisons: [
      ...[comparison("last()", 0, 0.5, 1), comparison("last()", 50, 0.9, 2)],
      ...[comparison("mean(10)", 0, 0.6, 4), comparison("mean(10)", 50, 0.7, 1)],
      ...[0, 50].map((start) =>
        comparison(
          "glocal({ robust: true })",
          start,
          start === 0 ? 0.8 : 0.94,
          start === 0 ? 0.1 : 8,
        ),
      ),
    ],
  });

  test("say by how much and at how many places the default is nearer", () => {
    const report = verifyReport(
      [{ problem: "quadratic", verification: verification([null, null], 1) }],
      "command",
    );
    const [errors, ratios] = cellsOf(report, "glocal({ robust: true })");
    expect(errors).toEqual(["4.0", "0.87"]);
    expect(ratios?.slice(0, 3)).toEqual(["2.0", "50 %", "2.7"]);
    expect(report).not.toContain("minibatch orders");
  });

  test("take orders, places and correlations from the data", () => {
    const report = verifyReport(
      [{ problem: "mlp-mnist", verification: verification([0.9, 0.2], 5) }],
      "command",
    );
    expect(report).toContain("the mean over 5 orders");
    expect(report).toContain("mlp-mnist (of 2): cosine");
    const [values, wins, trust] = cellsOf(report, "glocal({ robust: true })");
    expect(values?.slice(0, 4)).toEqual(["0.87", "0.80", "4.0", "4.0"]);
    expect(wins?.slice(0, 2)).toEqual(["2, 2", "1, 1"]);
    expect(trust).toEqual(["-1.00", "1.00", "2"]);
    expect(report).not.toContain("The truth is exact");
  });

  test("say of how many validation examples they are", () => {
    const whole = { sample: 3000, verification: verification([0.9, 0.2], 5) };
    const report = subsetReport(whole, [{ ...whole, sample: 1000 }]);
    expect(report).toMatch(/\| all 3,000 \| +1,000 \|/);
  });
});

test("the fingerprint of estimators knows names, windows and the text of a tangent rule", () => {
  const print = (decay: () => number) => fingerprintOf({ a: last({ tangents: { decay } }) });
  expect(print(() => 0.5)).toBe(print(() => 0.5));
  expect(print(() => 0.5)).not.toBe(print(() => 0.6));
  expect(fingerprintOf({ a: last() })).not.toBe(fingerprintOf({ b: last() }));
  expect(fingerprintOf({ a: mean(10) })).not.toBe(fingerprintOf({ a: mean(9) }));
});
