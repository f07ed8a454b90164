/** What `bench comparison` says, from rows made up. */
import { describe, expect, test } from "vitest";
import { comparisonReport } from "../../bench/comparison/report.js";
import type { Options, Row } from "../../bench/comparison/run.js";
import { cellsOf } from "./tables.js";

describe("the comparison", () => {
  const options: Options = {
    ...{ steps: 100, lr: [0.1], seeds: [0, 1], methods: ["robust"], cached: true },
  };
  const row = (seed: number, more: Partial<Row>): Row => ({
    ...{ method: "robust", outerRate: 0.03, lr: 0.1, seed, steps: 100 },
    ...{ accuracy: 0.8, testLoss: 1, validationLoss: 1, windows: 2, fallbacks: 0, clips: 0 },
    ...{ resets: 0, diverged: null, chosen: {}, schedule: [], seconds: 100, threads: 1 },
    processorSeconds: 50,
    machine: {
      ...{ date: "2026-01-01", cpu: "CPU", processors: 2, load: 0, node: "v20", glocal: "0.1.0" },
    },
    ...more,
  });

  test("averages times over complete trainings alone, and counts what else happened", () => {
    const rows = [
      row(0, { chosen: { mean: 1, dmd: 1 }, rewinds: 3 }),
      row(1, {
        ...{ chosen: { mean: 4 }, seconds: 4, processorSeconds: 2, accuracy: 0.1 },
        diverged: { step: 76, what: "training loss NaN" },
      }),
    ];
    const report = comparisonReport(options, { rows, choices: [] });
    const [accuracy, course] = cellsOf(report, "glocal({ robust: true })");
    expect(accuracy).toEqual(["80.00 (1 diverged)", "–"]);
    expect(course).toEqual(["100", "50", "1 of 2", "0.0", "1.5", "mean 5, dmd 1"]);
  });
});
