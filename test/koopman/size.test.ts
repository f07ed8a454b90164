/**
 * 10⁵ features × 50 snapshots in under a second, by every variant as it comes: one thread's time, since the machine's
 * other work is none of ours. It still slows caches and memory down: so a second or, where QR alone, which all of
 * them begin with, takes long, so many times as long as that.
 */

import { expect, test } from "vitest";
import { type DmdOptions, dmd, type Snapshots } from "../../lib/koopman/index.js";
import { fromSnapshots } from "../../lib/koopman/linalg/host-matrix.js";
import { lapack } from "../../lib/koopman/linalg/lapack.js";
import { waves, withNoise } from "./signals.js";

const real = withNoise(waves(100_000, 50), 1e-3, 1);
const complex: Snapshots = {
  data: real.data.map((value, k) => (k % 2 ? 0.1 : 1) * value),
  shape: [50_000, 50],
  complex: true,
};

function secondsOf(body: () => void): number {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

// Pages of memory are touched for the first time.
dmd(real);

test.each<[string, DmdOptions, Snapshots]>([
  ["exact", {}, real],
  ["projected", { variant: "projected" }, real],
  ["Hankel", { stacks: 4 }, real],
  ["hodmd", { variant: "hodmd", stacks: 5, spatialRank: 10 }, real],
  ["forward-backward", { variant: "forward-backward" }, real],
  ["total-least-squares", { variant: "total-least-squares", rank: 6 }, real],
  ["affine", { variant: "affine" }, real],
  ["subspace", { variant: "subspace", spatialRank: 10, rank: 6 }, real],
  ["optimized, rank 6", { variant: "optimized", rank: 6 }, real],
  ["optimized, every rank there is", { variant: "optimized" }, real],
  ["bagged, 100 trials", { variant: "bagged", rank: 6 }, real],
  ["exact, complex, half as many features", {}, complex],
])("%s", (_, options, given) => {
  const alone = secondsOf(() => lapack.qr(fromSnapshots(real)));
  const taken = secondsOf(() => {
    const fit = dmd(given, options);
    expect(fit.eigenvalues.length).toBeGreaterThan(0);
    fit.steadyState();
  });
  expect(taken).toBeLessThan(Math.max(1, 5 * alone));
});
