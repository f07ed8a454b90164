/** Operations, fits and studies with cuSOLVER, on the mocked GPU: the tests of test/koopman, and what only CUDA has. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mockCuda, readMockLog } from "./mock/index.js";

const log = join(mkdtempSync(join(tmpdir(), "glocal-linalg-")), "calls");
Object.assign(process.env, mockCuda({ log }).env);

await import("../koopman/algebra.test.js");
await import("../koopman/analytic.test.js");
await import("../koopman/bad-input.test.js");
await import("../koopman/goldens.test.js");
await import("../koopman/pooled.test.js");
await import("../koopman/variants.test.js");
const { dmd } = await import("../../lib/koopman/index.js");
const { bilevel, glocal } = await import("../../lib/index.js");
const { defaultDevice } = await import("../../lib/runtime/device.js");
const { linearProblem } = await import("../hyper/support.js");
const { trajectory } = await import("../koopman/support.js");

const routines = ["cusolverDnDorgqr", "cusolverDnXgeev", "cusolverDnXgeqrf", "cusolverDnXgesvd"];
const snapshots = trajectory(3, 10, (i, t) => Math.sin(i + 1) + 0.8 ** t * Math.cos(3 * i));

test("a CUDA device has cuSOLVER, unless LAPACK is asked for", () => {
  expect(dmd(snapshots, { device: "cuda" }).linalg).toBe("cusolver");
  expect(dmd(snapshots, { linalg: "cusolver" }).linalg).toBe("cusolver");
  expect(dmd(snapshots, { device: "cuda", linalg: "lapack" }).linalg).toBe("lapack");
  expect(dmd(snapshots).linalg).toBe("lapack");
});

test("the same bits again", () => {
  const [first, second] = [1, 2].map(() => dmd(snapshots, { device: "cuda", stacks: 4 }));
  expect(second?.eigenvalues).toEqual(first?.eigenvalues);
  expect(second?.modes).toEqual(first?.modes);
});

test("the time of cuSOLVER's own routines is told", () => {
  const told = defaultDevice({ device: "cuda" }).native.linalg?.solverMs ?? {};
  expect(Object.keys(told).sort()).toEqual(routines);
  for (const ms of Object.values(told)) expect(ms).toBeGreaterThanOrEqual(0);
});

test("memory is used again: many fits allocate no more than a few", () => {
  const allocations = () => readMockLog(log).filter(({ call }) => call === "cuMemAlloc_v2").length;
  const fitOnce = () => dmd(snapshots, { device: "cuda", stacks: 4 }).steadyState();
  fitOnce();
  const before = allocations();
  const fits = Array.from({ length: 5 }, fitOnce);
  // Each fit that is held keeps a basis and its modes.
  expect(allocations() - before).toBeLessThanOrEqual(2 * fits.length);
});

test("a study hands its device to the estimator", async () => {
  const study = (linalg: "auto" | "lapack") =>
    bilevel({
      ...linearProblem(),
      steps: 12,
      hypergradient: glocal({ window: 6, last: 6, stacks: 2, rcond: 1e-9, linalg }),
      device: "cuda",
    }).result;
  const solves = () => readMockLog(log).filter(({ call }) => call === "cusolverDnXgeev").length;
  const before = solves();
  const here = await study("auto");
  expect(solves() - before).toBe(2);
  const there = await study("lapack");
  expect(solves() - before).toBe(2);
  expect(here.validation.loss).toBeCloseTo(there.validation.loss, 10);
});

test("nothing was done that CUDA forbids", () => {
  expect(readMockLog(log).filter(({ call }) => call === "problem")).toEqual([]);
});
