import { expect, test } from "vitest";
import { type AccuracyRow, accuracyReport } from "../../bench/accuracy.js";

const machine = {
  date: "2026-01-02",
  cpu: "CPU",
  processors: 2,
  load: 0,
  node: "v20",
  glocal: "1",
};

function row(method: AccuracyRow["method"], seed: number, accuracy: number): AccuracyRow {
  const config = { method, lr: 0.1, seed, steps: 100 };
  const outcome = { accuracy, loss: 1, windows: 2, fallbacks: 0, hyper: {}, diverged: null };
  const nothingKept = method === "glocal" ? seed : null;
  return { ...config, ...outcome, nothingKept, seconds: 10 + seed, threads: 2, machine };
}

test("a line for each rate and method, with the mean, each seed, and windows without an eigenvalue", () => {
  const options = {
    steps: 100,
    lr: [0.1],
    seeds: [0, 1],
    estimators: ["local", "glocal"] as const,
  };
  const rows = [row("local", 0, 0.5), row("local", 1, 0.75), row("glocal", 0, 0.8)];
  const diverged = { ...row("glocal", 1, 0.1), diverged: { step: 3, what: "training loss NaN" } };
  const report = accuracyReport({ ...options, fresh: false }, [...rows, diverged]);
  const cells = (start: string) =>
    report
      .split("\n")
      .find((line) => line.startsWith(`| ${start}`))
      ?.split("|")
      .map((cell) => cell.trim())
      .slice(2, -1);
  expect(cells("0.1, local")).toEqual(["0.6250", "0.5000", "0.7500", "–", "11"]);
  expect(cells("0.1, glocal")).toEqual(["0.4500", "0.8000", "0.1000 (diverged)", "0, 1", "11"]);
  expect(report.match(/^\* 2026-01-02/gm)).toHaveLength(1);
});
