/** Synthetic trials as sections of docs/estimators.md. */
import type { BoundRow } from "../../lib/verify/synthetic/bound.js";
import { NOISE, type NoiseRow } from "../../lib/verify/synthetic/noise.js";
import { table } from "../markdown.js";
import { short } from "./columns.js";

export function boundReport(rows: readonly BoundRow[]): string {
  return table(
    ["noise, n, m", "‖K − K̂‖", "observed error", "bound"],
    rows.map(({ noise, points, stacks, apart, error, bound }) => [
      `${noise}, ${points}, ${stacks}`,
      apart.toExponential(1),
      error.toExponential(1),
      bound.toExponential(1),
    ]),
  );
}

export function noiseReport(rows: readonly NoiseRow[]): string {
  const names = Object.keys(rows[0]?.errors ?? {});
  const errors = table(
    ["spectrum, noise", ...names, "winner"],
    rows.map(({ spectrum, noise, errors: own, winner }) => [
      `${spectrum}; ${100 * noise} %`,
      ...names.map((name) => short(own[name] as number)),
      winner,
    ]),
  );
  const wins = names
    .map((name) => [name, rows.filter(({ winner }) => winner === name).length] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
  return `Median relative error at ${NOISE.ahead} steps after the last of ${NOISE.points} points, over ${NOISE.trials} trajectories; noise as a share of the
trajectory's root mean square. Wins: ${wins}.

${errors}`;
}
