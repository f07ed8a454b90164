/**
 * Whole trajectories of hyperparameter optimisation against numbers made with JAX in float64.
 *
 * Held to 1e-9 in the norm max |a − b| / max |b| of each quantity as one array: every parameter,
 * every momentum buffer and every tangent by itself; losses and each hyperparameter's
 * hypergradients over the 12 steps. A float64 run differs from another by rounding only, some
 * hundred operations deep: 1e-13 and less is expected, so 1e-9 fails on any error of method.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { bilevel, glocal, jvp, learn, ops, optim } from "../../lib/index.js";
import type { DeviceName } from "../../lib/runtime/device.js";
import { goldenDevices } from "./devices.js";
import { type Interpreted, interpretTraining } from "./interpreted.js";
import {
  cnn,
  criterionOf,
  dataOf,
  distance,
  type Golden,
  type GoldenData,
  hpoStep,
  loadGolden,
  mlp,
  type Nested,
} from "./problem.js";
import { recorder } from "./recorder.js";
import { unrolled } from "./unrolled.js";

const TOLERANCE = 1e-9;
const NAMES = ["lr", "mom", "wd"] as const;

const column = (rows: readonly (readonly number[])[], i: number) => rows.map((r) => r[i] as number);

function expectHypergradients(actual: readonly (readonly number[])[], golden: Golden): void {
  NAMES.forEach((name, i) => {
    const error = distance(column(actual, i), column(golden.hypergrad, i));
    expect(error, `hypergradients of ${name}`).toBeLessThan(TOLERANCE);
  });
}

function expectArrays(
  actual: readonly ArrayLike<number>[],
  golden: readonly Nested[],
  what: string,
): void {
  expect(actual.length).toBe(golden.length);
  golden.forEach((array, i) => {
    expect(distance(actual[i] as ArrayLike<number>, array), `${what} ${i}`).toBeLessThan(TOLERANCE);
  });
}

const rowsOf = (data: Float64Array, size: number): number[][] =>
  Array.from({ length: data.length / size }, (_, t) => [
    ...data.subarray(t * size, (t + 1) * size),
  ]);

describe.each([
  ["mlp_hpo", mlp],
  ["cnn_hpo", cnn],
] as const)("%s", (name, network) => {
  let golden: Golden;
  let data: GoldenData;
  beforeAll(() => {
    golden = loadGolden(name);
    data = dataOf(golden);
  });
  const step = hpoStep(network);
  const criterion = criterionOf(network);
  /** Raw φ, with the logistic inside the step. */
  const raw = () => ({
    lr: learn.identity(golden.phi[0] as number),
    mom: learn.identity(golden.phi[1] as number),
    wd: learn.identity(golden.phi[2] as number),
  });
  const logisticStep: typeof step = (state, { lr, mom, wd }, batch, context) => {
    const hyper = { lr: ops.logistic(lr), mom: ops.logistic(mom), wd: ops.logistic(wd) };
    return step(state, hyper, batch, context);
  };
  const study = (options: {
    estimator: ReturnType<typeof glocal>;
    steps?: number;
    hyper?: ReturnType<typeof raw>;
    step?: typeof step;
    mode?: "forward" | "reverse";
    device: DeviceName;
  }) =>
    bilevel({
      state: data.state,
      hyper: options.hyper ?? raw(),
      step: options.step ?? logisticStep,
      criterion,
      data: { train: data.train, validation: data.validation },
      steps: options.steps ?? golden.T,
      batchSize: data.batchSize,
      batches: data.batches,
      hypergradient: options.estimator,
      outer: optim.sgd({ lr: 0 }),
      mode: options.mode ?? "auto",
      device: options.device,
    });

  describe("the reference interpreter", () => {
    let run: Interpreted;
    beforeAll(() => {
      run = interpretTraining(data, raw(), { step: logisticStep, criterion }, golden.T);
    });

    test("gives the golden parameters and momentum, after one step and at the end", () => {
      const leaves = golden.params0.length;
      expectArrays(run.states[0]?.slice(0, leaves) ?? [], golden.params_after_step1, "parameter");
      expectArrays(run.states.at(-1)?.slice(0, leaves) ?? [], golden.params_final, "parameter");
      expectArrays(run.states.at(-1)?.slice(leaves) ?? [], golden.momentum_final, "momentum");
    });

    test("gives the golden training and validation losses of every step", () => {
      expect(distance(run.trainLoss, golden.train_loss)).toBeLessThan(TOLERANCE);
      expect(distance(run.validationLoss, golden.val_loss)).toBeLessThan(TOLERANCE);
    });

    test("gives the golden hypergradients of every step", () => {
      expectHypergradients(run.hypergradients, golden);
    });

    if (name === "mlp_hpo")
      test("gives the golden tangents of the final state", () => {
        const { dtheta_dphi_final: theta, dmomentum_dphi_final: momentum } = golden;
        expectArrays(run.tangents, [...(theta as Nested[]), ...(momentum as Nested[])], "tangent");
      });
  });

  /**
   * In float32 each operation errs by 6e-8 of its result. Twelve steps of some tens of operations,
   * with sums that partly cancel, leave a few hundred such roundings: 2e-5 of the largest entry.
   */
  describe.each(goldenDevices)("%s in float32", (device) => {
    test.each(["forward", "reverse"] as const)(
      "gives the golden parameters and hypergradients to 2e-5 in %s mode",
      async (mode) => {
        const { state, train, validation } = dataOf(golden, Float32Array);
        const { estimator, trajectories } = recorder({ window: 12, last: 12 });
        const result = await bilevel({
          state,
          hyper: raw(),
          step: logisticStep,
          criterion,
          data: { train, validation },
          steps: golden.T,
          batchSize: data.batchSize,
          batches: data.batches,
          hypergradient: estimator,
          outer: optim.sgd({ lr: 0 }),
          mode,
          device,
        }).result;
        expect(result.state.params.every((p) => p.data instanceof Float32Array)).toBe(true);
        golden.params_final.forEach((array, i) => {
          const actual = result.state.params[i]?.data as ArrayLike<number>;
          expect(distance(actual, array), `parameter ${i}`).toBeLessThan(2e-5);
        });
        const rows = rowsOf(trajectories[0]?.data as Float64Array, 3);
        NAMES.forEach((learned, i) => {
          const error = distance(column(rows, i), column(golden.hypergrad, i));
          expect(error, `hypergradients of ${learned}`).toBeLessThan(2e-5);
        });
      },
    );
  });

  describe.each(goldenDevices)("%s in float64", (device) => {
    test.each(["forward", "reverse"] as const)(
      "gives the golden hypergradients of every step from one window of 12 in %s mode",
      async (mode) => {
        const { estimator, trajectories } = recorder({ window: 12, last: 12 });
        await study({ device, estimator, mode }).result;
        expect(trajectories.length).toBe(1);
        expectHypergradients(rowsOf(trajectories[0]?.data as Float64Array, 3), golden);
      },
    );

    test("gives the same through learn.sigmoid, whose raw value is φ", async () => {
      const value = (i: number) => 1 / (1 + Math.exp(-(golden.phi[i] as number)));
      const hyper = {
        lr: learn.sigmoid(value(0)),
        mom: learn.sigmoid(value(1)),
        wd: learn.sigmoid(value(2)),
      };
      const { estimator, trajectories } = recorder({ window: 12, last: 12 });
      await study({ device, estimator, hyper, step }).result;
      expectHypergradients(rowsOf(trajectories[0]?.data as Float64Array, 3), golden);
    });

    test("gives the golden parameters and momentum at the end", async () => {
      const { state } = await study({
        device,
        estimator: recorder({ window: 12, last: 12 }).estimator,
      }).result;
      const arrays = (of: readonly { data: ArrayLike<number> }[]) => of.map((a) => a.data);
      expectArrays(arrays(state.params), golden.params_final, "parameter");
      expectArrays(arrays(state.momentum), golden.momentum_final, "momentum");
    });

    if (name === "mlp_hpo")
      test("gives the golden tangents of the final state by jvp of the unrolled training", () => {
        const pushed = jvp(unrolled(data, logisticStep, golden.T), { device });
        const [lr, mom, wd] = golden.phi as [number, number, number];
        NAMES.forEach((learned, lane) => {
          const direction = { lr: 0, mom: 0, wd: 0, [learned]: 1 };
          const wide = (v: Record<(typeof NAMES)[number], number>) => ({
            lr: Float64Array.of(v.lr),
            mom: Float64Array.of(v.mom),
            wd: Float64Array.of(v.wd),
          });
          const [, tangent] = pushed([wide({ lr, mom, wd })], [wide(direction)]);
          const along = (of: readonly Nested[] = []) =>
            of.map((a) => (a as Nested[])[lane] as Nested);
          const arrays = (of: readonly { data: ArrayLike<number> }[]) => of.map((a) => a.data);
          expectArrays(arrays(tangent.params), along(golden.dtheta_dphi_final), "tangent");
          expectArrays(arrays(tangent.momentum), along(golden.dmomentum_dphi_final), "tangent");
        });
      });

    test("gives the golden parameters after one step", async () => {
      const { estimator } = recorder({ window: 12, last: 1 });
      const { state } = await study({ device, estimator, steps: 1 }).result;
      const arrays = state.params.map((a) => a.data);
      expectArrays(arrays, golden.params_after_step1, "parameter");
    });

    test("reports the golden training and validation losses of every step", async () => {
      const train: number[] = [];
      const validation: number[] = [];
      const { estimator } = recorder({ window: 1, last: 1 });
      for await (const window of study({ device, estimator })) {
        train.push(window.train.loss as number);
        validation.push(window.validation.loss as number);
      }
      expect(distance(train, golden.train_loss)).toBeLessThan(TOLERANCE);
      expect(distance(validation, golden.val_loss)).toBeLessThan(TOLERANCE);
    });

    test("gives the golden glocal estimates, fallbacks included, for every case of DMD", async () => {
      for (const { m, sigma, rank, rcond, tol, fallback, glocal: expected } of golden.dmd) {
        const estimator = glocal({
          ...{ window: 12, last: sigma, stacks: m, rcond, tolerance: tol },
          ...(rank === null ? {} : { rank }),
        });
        const windows = [];
        for await (const window of study({ device, estimator })) windows.push(window);
        const [{ hypergradient, fallback: reason }] = windows as [(typeof windows)[0]];
        const label = `m = ${m}, last ${sigma}, rank ${rank}, rcond ${rcond}`;
        const estimate = NAMES.map((n) => hypergradient?.[n] as number);
        expect(reason !== null, label).toBe(fallback);
        expect(distance(estimate, expected), label).toBeLessThan(TOLERANCE);
      }
    });
  });
});
