/** The tables at the end of a run. */

import Table from "cli-table3";
import { formatHyper, formatNumber, formatPercent } from "./format.js";
import type { RunResult } from "./result.js";

export function formatReport(result: RunResult): string {
  const hyper = table(["hyperparameter", "before", "after"]);
  for (const name of Object.keys(result.hyper)) {
    hyper.push([name, formatHyper(result.initial[name]), formatHyper(result.hyper[name])]);
  }
  const { test } = result;
  const outcome = table([`${result.recipe}, ${result.estimator}, seed ${result.seed}`, ""]);
  outcome.push(
    ["validation loss", formatNumber(result.validation.loss)],
    ["test loss", formatNumber(test?.loss)],
    ["test accuracy", formatPercent(test?.accuracy)],
    ["steps", String(result.steps)],
    ["windows", String(result.windows)],
    ["fallbacks", String(result.fallbacks)],
    ...(result.clips > 0 ? [["clipped tangents", String(result.clips)]] : []),
    ...(result.resets > 0 ? [["tangents reset", String(result.resets)]] : []),
    ...(result.rewinds > 0 ? [["rewinds", String(result.rewinds)]] : []),
    ["ms per step", formatNumber(result.msPerStep)],
    ["device", device(result)],
  );
  return `${[...notes(result), hyper.toString(), outcome.toString(), `Folder: ${result.folder}`].join("\n")}\n`;
}

function notes({ stopped, diverged, steps }: RunResult): string[] {
  return [
    ...(stopped ? [`Stopped after ${steps} steps; what was done is kept.`] : []),
    ...(diverged ? [`Diverged at step ${diverged.step}: ${diverged.what}`] : []),
  ];
}

function device({ device, threads }: RunResult): string {
  if (threads === null || device !== "cpu") return device;
  return `${device}, ${threads} thread${threads === 1 ? "" : "s"}`;
}

function table(head: string[]): InstanceType<typeof Table> {
  // No colours: the tables look the same in a file.
  return new Table({ head, style: { head: [], border: [] } });
}
