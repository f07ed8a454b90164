/**
 * Trainings on the CPU and on CUDA, from the same start with the same batches: a hundred steps of LeNet on a GPU,
 * a few of a small network with its layers on the mock. Distances are max |a − b| / max |b| of each quantity as one
 * array (each parameter, the losses of all windows, each hyperparameter's hypergradients); the
 * hypergradients of every window move the hyperparameters, so that what comes later depends on them.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { glocal, local } from "../../lib/index.js";
import type { Float } from "../hyper/support.js";
import { onGpu, provideCuda } from "./device.js";
import { type Distances, distances, full, lastOf, small, train } from "./training-problem.js";

const problem = onGpu ? full : small;
const TIMEOUT = 300_000;

/** Float64 differs by the order of sums only: 1e-15 between levels of the CPU, so 1e-9 fails on any error of method. */
const FLOAT64: Distances = {
  parameters: 1e-9,
  trainLoss: 1e-9,
  validationLoss: 1e-9,
  hypergradients: 1e-9,
  estimates: 1e-9,
  hyper: 1e-9,
};

/**
 * Float32 rounds at 6e-8. Sums in another order and another exp differ by some of that in each step, which
 * training neither damps nor blows up: full float32 trainings on two levels of the CPU end up within 2e-7 in the
 * parameters, 1e-7 in losses, 2e-6 in hypergradients (whose terms partly cancel) and 1e-7 in the
 * hyperparameters, which move by a small share of them. Unless a leaky ReLU's input is so near 0 that rounding
 * decides its slope: then one pixel of one image adds something else to its filter's gradient, a share of
 * 1 in 64 · 24² = 3e-5 of it, and that was met, too. Room for a few such pixels is 2e-4 in the
 * parameters; losses feel it to second order, hypergradients as a share of a sum over all parameters.
 */
const FLOAT32: Distances = {
  parameters: 2e-4,
  trainLoss: 5e-6,
  validationLoss: 5e-6,
  hypergradients: 5e-5,
  estimates: 5e-5,
  hyper: 5e-6,
};

beforeAll(() => provideCuda({ checked: false }), TIMEOUT);

describe.each<{ name: string; Type: Float; limits: Distances }>([
  { name: "float64", Type: Float64Array, limits: FLOAT64 },
  { name: "float32", Type: Float32Array, limits: FLOAT32 },
])("$name", ({ Type, limits }) => {
  test.each(["forward", "reverse"] as const)(
    "local hypergradients in %s mode",
    async (mode) => {
      const on = (device: "cpu" | "cuda") =>
        train(problem, Type, lastOf(problem), mode, { device });
      expectWithin(distances(await on("cuda"), await on("cpu")), limits);
    },
    TIMEOUT,
  );
});

/**
 * The fit divides by singular values down to 1e-6 of the largest, and keeps or drops a mode by a threshold: in float32
 * that is decided by rounding, so estimates are compared in float64. There too they go through cuSOLVER on one side and
 * LAPACK on the other; 4e-14 was seen between levels of the CPU.
 */
test(
  "float64: glocal estimates, by cuSOLVER and by LAPACK",
  async () => {
    const { window, last } = problem;
    const estimator = glocal.paper({ window, last, stacks: Math.min(4, last - 2) });
    const on = (device: "cpu" | "cuda") =>
      train(problem, Float64Array, estimator, "forward", { device });
    expectWithin(distances(await on("cuda"), await on("cpu")), FLOAT64);
  },
  TIMEOUT,
);

test(
  "float64: tangents that are carried on, and clipped at a window's start and within it",
  async () => {
    const windows = { ...problem, window: 11, steps: 22, last: 1 };
    const hypergradient = local({ window: 11, tangents: { decay: 0.8, clip: 0.02 } });
    const on = (device: "cpu" | "cuda") =>
      train(windows, Float64Array, hypergradient, "forward", { device });
    const [cuda, cpu] = [await on("cuda"), await on("cpu")];
    expectWithin(distances(cuda, cpu), FLOAT64);
    expect(cuda.clipped).toEqual(cpu.clipped);
    expect(cpu.clipped).toEqual([2, 2]);
  },
  TIMEOUT,
);

function expectWithin(found: Distances, limits: Distances): void {
  for (const [quantity, limit] of Object.entries(limits))
    expect(found[quantity as keyof Distances], quantity).toBeLessThan(limit);
}
