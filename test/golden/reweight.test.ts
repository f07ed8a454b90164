/**
 * Data reweighting by a meta-network of 13 weights, against numbers made with JAX in float64. Norm:
 * max |a − b| / max |b| of each quantity as one array, as for the other goldens.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { bilevel, type HostArray, jvp, learn, optim } from "../../lib/index.js";
import type { DeviceName } from "../../lib/runtime/device.js";
import { goldenDevices } from "./devices.js";
import { type Interpreted, interpretTraining } from "./interpreted.js";
import {
  criterionOf,
  dataOf,
  distance,
  type Float,
  loadGolden,
  mlp,
  type Nested,
  reweightStep,
  type TrainingState,
  type WeightNet,
} from "./problem.js";
import { recorder } from "./recorder.js";
import { unrolled } from "./unrolled.js";

const golden = loadGolden("mlp_reweight_full");
const q = golden.phi.length;
const TOLERANCE = 1e-9;

/** φ as a tree of arrays: [W1(4), b1(4), W2(4), b2]. */
const network = (Type: Float): WeightNet<HostArray> => {
  const part = (from: number, to: number, shape: readonly number[]) => ({
    data: Type.from(golden.phi.slice(from, to)),
    shape,
  });
  return { w1: part(0, 4, [4]), b1: part(4, 8, [4]), w2: part(8, 12, [4]), b2: part(12, 13, []) };
};

const learned = (Type: Float) => {
  const { w1, b1, w2, b2 } = network(Type);
  return {
    w1: learn.identity(w1),
    b1: learn.identity(b1),
    w2: learn.identity(w2),
    b2: learn.identity(b2),
  };
};

interface TrainOptions {
  readonly device: DeviceName;
  readonly mode?: "forward" | "reverse";
  readonly lanes?: number;
}

async function train(Type: Float, options: TrainOptions) {
  const data = dataOf(golden, Type);
  const { estimator, trajectories } = recorder({ window: 12, last: 12 });
  const { state } = await bilevel({
    state: data.state,
    hyper: learned(Type),
    step: reweightStep,
    criterion: criterionOf(mlp),
    data: { train: data.train, validation: data.validation },
    steps: golden.T,
    batchSize: data.batchSize,
    batches: data.batches,
    hypergradient: estimator,
    outer: optim.sgd({ lr: 0 }),
    ...options,
  }).result;
  return { state, hypergradients: trajectories[0]?.data as Float64Array };
}

/** The worst hyperparameter: each one's 12 hypergradients are an array of their own. */
function worst(actual: Float64Array): number {
  const errors = golden.phi.map((_, i) =>
    distance(
      golden.hypergrad.map((_row, t) => actual[t * q + i] as number),
      golden.hypergrad.map((row) => row[i] as number),
    ),
  );
  return Math.max(...errors);
}

const worstArray = (actual: readonly ArrayLike<number>[], expected: readonly Nested[] = []) =>
  Math.max(...expected.map((array, i) => distance(actual[i] as ArrayLike<number>, array)));

describe("the reference interpreter", () => {
  let run: Interpreted;
  beforeAll(() => {
    const functions = { step: reweightStep, criterion: criterionOf(mlp) };
    run = interpretTraining(dataOf(golden), learned(Float64Array), functions, golden.T);
  });

  test("gives the golden parameters, momentum and losses", () => {
    const last = run.states.at(-1) as Float64Array[];
    expect(worstArray(run.states[0] ?? [], golden.params_after_step1)).toBeLessThan(TOLERANCE);
    expect(worstArray(last, golden.params_final)).toBeLessThan(TOLERANCE);
    expect(worstArray(last.slice(4), golden.momentum_final)).toBeLessThan(TOLERANCE);
    expect(distance(run.trainLoss, golden.train_loss)).toBeLessThan(TOLERANCE);
    expect(distance(run.validationLoss, golden.val_loss)).toBeLessThan(TOLERANCE);
  });

  test("gives the golden hypergradients of every step, and tangents of the final state", () => {
    expect(worst(Float64Array.from(run.hypergradients.flat()))).toBeLessThan(TOLERANCE);
    expect(worstArray(run.tangents, golden.dtheta_dphi_final)).toBeLessThan(TOLERANCE);
    expect(worstArray(run.tangents.slice(4), golden.dmomentum_dphi_final)).toBeLessThan(TOLERANCE);
  });
});

describe.each(goldenDevices)("%s", (device) => {
  test.each(["forward", "reverse"] as const)(
    "gives the golden final state and hypergradients of every step in float64 in %s mode",
    async (mode) => {
      const { state, hypergradients } = await train(Float64Array, { device, mode });
      const arrays = (of: readonly HostArray[]) => of.map((a) => a.data);
      expect(worstArray(arrays(state.params), golden.params_final)).toBeLessThan(TOLERANCE);
      expect(worstArray(arrays(state.momentum), golden.momentum_final)).toBeLessThan(TOLERANCE);
      expect(worst(hypergradients)).toBeLessThan(TOLERANCE);
    },
  );

  test("gives the same with lanes in chunks of 1, 4, 5 and 13, to 1e-12", async () => {
    const { hypergradients: whole } = await train(Float64Array, { device });
    for (const lanes of [1, 4, 5, 13]) {
      const { hypergradients, state } = await train(Float64Array, {
        device,
        mode: "forward",
        lanes,
      });
      expect(distance(hypergradients, [...whole]), `${lanes} lanes`).toBeLessThan(1e-12);
      const arrays = state.params.map((a) => a.data);
      expect(worstArray(arrays, golden.params_final), `${lanes} lanes`).toBeLessThan(TOLERANCE);
    }
  });

  /**
   * In float32 each operation errs by 6e-8 of its result. Twelve steps of some tens of operations,
   * with sums that partly cancel, leave a few hundred such roundings: 2e-5 of the largest entry.
   */
  test("gives the golden parameters and hypergradients to 2e-5 in float32", async () => {
    const { state, hypergradients } = await train(Float32Array, { device });
    expect(
      worstArray(
        state.params.map((a) => a.data),
        golden.params_final,
      ),
    ).toBeLessThan(2e-5);
    expect(worst(hypergradients)).toBeLessThan(2e-5);
  });

  test("gives the golden tangents of the final state by jvp of the unrolled training", () => {
    const pushed = jvp(unrolled(dataOf(golden), reweightStep, golden.T), { device });
    const primal = network(Float64Array);
    const lane = (i: number) => {
      const direction = network(Float64Array);
      const flat = Object.values(direction).flatMap(({ data: d }) =>
        [...d].map((_, at) => ({ d, at })),
      );
      flat.forEach(({ d, at }, entry) => {
        d[at] = entry === i ? 1 : 0;
      });
      return pushed([primal], [direction])[1];
    };
    golden.phi.forEach((_, i) => {
      const { params, momentum } = lane(i) as TrainingState<HostArray>;
      const tangents = (of: readonly Nested[] = []) => of.map((a) => (a as Nested[])[i] as Nested);
      const arrays = (of: readonly HostArray[]) => of.map((a) => a.data);
      expect(worstArray(arrays(params), tangents(golden.dtheta_dphi_final))).toBeLessThan(
        TOLERANCE,
      );
      expect(worstArray(arrays(momentum), tangents(golden.dmomentum_dphi_final))).toBeLessThan(
        TOLERANCE,
      );
    });
  });
});
