/**
 * 10⁵ features × 50 snapshots in under a second, by every variant: one thread's time, since the
 * machine's other work is none of ours.
 */

import { expect, test } from "vitest";
import { type DmdOptions, dmd } from "../../lib/koopman/index.js";
import { waves, withNoise } from "./signals.js";

const given = withNoise(waves(100_000, 50), 1e-3, 1);
// Pages of memory are touched for the first time.
dmd(given);

test.each<[string, DmdOptions]>([
  ["exact", {}],
  ["projected", { variant: "projected" }],
  ["Hankel", { stacks: 4 }],
  ["hodmd", { variant: "hodmd", stacks: 5, spatialRank: 10 }],
  ["forward-backward", { variant: "forward-backward" }],
  ["total-least-squares", { variant: "total-least-squares", rank: 6 }],
  ["affine", { variant: "affine" }],
  ["subspace", { variant: "subspace", spatialRank: 10, rank: 6 }],
  ["optimized", { variant: "optimized", rank: 6 }],
  ["bagged", { variant: "bagged", rank: 6, trials: 10 }],
])("%s", (_, options) => {
  const before = process.cpuUsage();
  const fit = dmd(given, options);
  fit.steadyState();
  const { user, system } = process.cpuUsage(before);
  expect(fit.eigenvalues.length).toBeGreaterThan(0);
  expect((user + system) / 1e6).toBeLessThan(1);
});
