/**
 * The golden trainings on CUDA, in the norm max |a − b| / max |b| of each quantity: 1e-9 in float64, 2e-5 in float32, for
 * the reasons that test/golden gives for the CPU.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { bilevel, glocal, type HostArray, learn, ops, optim } from "../../lib/index.js";
import {
  cnn,
  criterionOf,
  dataOf,
  distance,
  type Float,
  type Golden,
  hpoStep,
  loadGolden,
  mlp,
  type Network,
  reweightStep,
} from "../golden/problem.js";
import { recorder } from "../golden/recorder.js";
import { provideCuda } from "./device.js";

const TIMEOUT = 300_000;
const PRECISIONS: readonly { name: string; Type: Float; tolerance: number }[] = [
  { name: "float64", Type: Float64Array, tolerance: 1e-9 },
  { name: "float32", Type: Float32Array, tolerance: 2e-5 },
];
const MODES = ["forward", "reverse"] as const;
type Mode = (typeof MODES)[number];

beforeAll(() => provideCuda({ checked: false }), TIMEOUT);

const unmoved = { outer: optim.sgd({ lr: 0 }), device: "cuda" } as const;

/** All but what is learned and how a step learns it. */
function setting(golden: Golden, network: Network, Type: Float) {
  const { state, train, validation, batchSize, batches } = dataOf(golden, Type);
  const data = { train, validation };
  const criterion = criterionOf(network);
  return { state, data, batchSize, batches, criterion, steps: golden.T, ...unmoved };
}

function hpo(
  golden: Golden,
  network: Network,
  Type: Float,
  mode: Mode,
  estimator: ReturnType<typeof glocal>,
) {
  const [lr, mom, wd] = golden.phi as [number, number, number];
  const step = hpoStep(network);
  return bilevel({
    ...setting(golden, network, Type),
    hyper: { lr: learn.identity(lr), mom: learn.identity(mom), wd: learn.identity(wd) },
    step: (state, { lr: a, mom: b, wd: c }, batch, context) => {
      const hyper = { lr: ops.logistic(a), mom: ops.logistic(b), wd: ops.logistic(c) };
      return step(state, hyper, batch, context);
    },
    hypergradient: estimator,
    mode,
  });
}

function reweight(golden: Golden, Type: Float, mode: Mode, estimator: ReturnType<typeof glocal>) {
  const part = (from: number, to: number, shape: readonly number[]): HostArray => ({
    data: Type.from(golden.phi.slice(from, to)),
    shape,
  });
  return bilevel({
    ...setting(golden, mlp, Type),
    hyper: {
      w1: learn.identity(part(0, 4, [4])),
      b1: learn.identity(part(4, 8, [4])),
      w2: learn.identity(part(8, 12, [4])),
      b2: learn.identity(part(12, 13, [])),
    },
    step: reweightStep,
    hypergradient: estimator,
    mode,
  });
}

/** Each hyperparameter's hypergradients are an array of their own. */
function expectHypergradients(actual: Float64Array, golden: Golden, tolerance: number): void {
  const size = golden.phi.length;
  golden.phi.forEach((_, i) => {
    const of = golden.hypergrad.map((_row, t) => actual[t * size + i] as number);
    const error = distance(
      of,
      golden.hypergrad.map((row) => row[i] as number),
    );
    expect(error, `hypergradients of hyperparameter ${i}`).toBeLessThan(tolerance);
  });
}

describe.each([
  ["mlp_hpo", mlp],
  ["cnn_hpo", cnn],
  ["mlp_reweight_full", null],
] as const)("%s", (name, network) => {
  const golden = loadGolden(name);
  const study = (Type: Float, mode: Mode, estimator: ReturnType<typeof glocal>) =>
    network ? hpo(golden, network, Type, mode, estimator) : reweight(golden, Type, mode, estimator);

  describe.each(PRECISIONS)("$name", ({ Type, tolerance }) => {
    test.each(MODES)(
      "gives the golden parameters and hypergradients in %s mode",
      async (mode) => {
        const { estimator, trajectories } = recorder({ window: 12, last: 12 });
        const { state, device } = await study(Type, mode, estimator).result;
        expect(device).toBe("cuda");
        golden.params_final.forEach((array, i) => {
          const actual = state.params[i]?.data as ArrayLike<number>;
          expect(distance(actual, array), `parameter ${i}`).toBeLessThan(tolerance);
        });
        expectHypergradients(trajectories[0]?.data as Float64Array, golden, tolerance);
      },
      TIMEOUT,
    );
  });

  if (golden.dmd.length > 0)
    test(
      "gives the golden glocal estimates by cuSOLVER, fallbacks included",
      async () => {
        for (const { m, sigma, rank, rcond, tol, fallback, glocal: expected } of golden.dmd) {
          const estimator = glocal({
            ...{ window: 12, last: sigma, stacks: m, rcond, tolerance: tol, linalg: "cusolver" },
            ...(rank === null ? {} : { rank }),
          });
          const label = `m = ${m}, last ${sigma}, rank ${rank}, rcond ${rcond}`;
          for await (const window of study(Float64Array, "forward", estimator)) {
            const estimate = Object.values(window.hypergradient ?? {}).flat() as number[];
            expect(window.fallback !== null, label).toBe(fallback);
            expect(distance(estimate, expected), label).toBeLessThan(1e-9);
          }
        }
      },
      TIMEOUT,
    );
});
