/** Fits to several trajectories, with weights and with known inputs. */

import { describe, expect, test } from "vitest";
import { complexPairs, type DmdOptions, type Snapshots } from "../../lib/koopman/index.js";
import { normal } from "./signals.js";
import {
  type Complex,
  dmdBy,
  libraries,
  relativeError,
  snapshotsOf,
  spectrumError,
  trajectory,
} from "./support.js";

const A = [
  [0.9, 0.2, 0],
  [-0.1, 0.7, 0.1],
  [0, 0.1, 0.5],
];
const B = [
  [1, 0],
  [0.5, -1],
  [0, 2],
];

/** x′ = A x + c + B u from `start`. */
function simulate(
  start: readonly number[],
  time: number,
  input: (t: number) => readonly number[] = () => [0, 0],
  constant: readonly number[] = [0, 0, 0],
): { states: Snapshots; inputs: Snapshots } {
  const columns = [[...start]];
  for (let t = 1; t < time; t++) {
    const [x, u] = [columns[t - 1] as number[], input(t - 1)];
    const dot = (row: readonly number[] = [], other: readonly number[]) =>
      row.reduce((sum, value, k) => sum + value * (other[k] as number), 0);
    columns.push(x.map((_, i) => dot(A[i], x) + dot(B[i], u) + (constant[i] as number)));
  }
  return {
    states: trajectory(3, time, (i, t) => (columns[t] as number[])[i] as number),
    inputs: trajectory(2, time, (i, t) => input(t)[i] as number),
  };
}

/** The eigenvalues of A from its characteristic polynomial, by Newton's method on each root. */
function rootsOfA(): Complex[] {
  // λ³ − 2.1 λ² + 1.44 λ − 0.32 + …, expanded by hand from det(λ − A).
  const p = (x: number) => (x - 0.9) * ((x - 0.7) * (x - 0.5) - 0.01) + 0.2 * 0.1 * (x - 0.5);
  const slope = (x: number) => (p(x + 1e-6) - p(x - 1e-6)) / 2e-6;
  let real = 0.4;
  for (let k = 0; k < 50; k++) {
    real -= p(real) / slope(real);
  }
  // Trace and determinant leave a quadratic for the other two.
  const sum = 2.1 - real;
  const product = -p(0) / real;
  const root = sum * sum - 4 * product;
  return root < 0
    ? [
        [real, 0],
        [sum / 2, Math.sqrt(-root) / 2],
        [sum / 2, -Math.sqrt(-root) / 2],
      ]
    : [
        [real, 0],
        [(sum + Math.sqrt(root)) / 2, 0],
        [(sum - Math.sqrt(root)) / 2, 0],
      ];
}

const truth = rootsOfA();
const found = (fit: { eigenvalues: Float64Array }) => complexPairs(fit.eigenvalues);

describe.each(libraries)("several trajectories, by %s", (library) => {
  const dmd = dmdBy(library);
  const first = simulate([1, 0, 0], 3).states;
  const second = simulate([0, 1, -1], 3).states;

  test.each<[string, DmdOptions]>([
    ["exact", {}],
    ["projected", { variant: "projected" }],
    ["total-least-squares", { variant: "total-least-squares" }],
    ["forward-backward", { variant: "forward-backward" }],
  ])("%s: together they say what neither says alone", (_, options) => {
    expect(dmd(first, options).rank).toBe(2);
    const fit = dmd([first, second], options);
    expect(spectrumError(found(fit), truth)).toBeLessThan(1e-10);
    expect(relativeError(fit.reconstruct().data, second.data)).toBeLessThan(1e-10);
    const whole = simulate([0, 1, -1], 9).states;
    const ahead = trajectory(3, 6, (i, t) => whole.data[i * 9 + 3 + t] as number);
    expect(relativeError(fit.forecast(6).data, ahead.data)).toBeLessThan(1e-9);
    expect(fit.residual()).toBeLessThan(1e-12);
  });

  test("different lengths, in stacks", () => {
    const lists = [simulate([1, 2, 3], 9).states, simulate([3, -1, 1], 7).states];
    const fit = dmd(lists, { stacks: 2 });
    expect(spectrumError(found(fit), truth)).toBeLessThan(1e-9);
    expect(fit.time).toBe(7);
    expect(fit.reconstruct().shape).toEqual([3, 7]);
  });

  test("weights are those of least squares", () => {
    // One feature: K = Σ w y x / Σ w x².
    const [a, b] = [snapshotsOf([[1, 2, 3]]), snapshotsOf([[2, 1, 1]])];
    const [v, w] = [0.25, 1];
    const expected = (v * (2 + 6) + w * (2 + 1)) / (v * (1 + 4) + w * (4 + 1));
    expect(dmd([a, b], { weights: [v, w] }).eigenvalues[0]).toBeCloseTo(expected, 13);
    const plain = (2 + 6 + 2 + 1) / 10;
    expect(dmd([a, b]).eigenvalues[0]).toBeCloseTo(plain, 13);
  });

  test("subspace pools too", () => {
    const lists = [simulate([1, 2, 3], 12).states, simulate([3, -1, 1], 12).states];
    expect(spectrumError(found(dmd(lists, { variant: "subspace" })), truth)).toBeLessThan(1e-8);
  });
});

describe.each(libraries)("control, by %s", (library) => {
  const dmd = dmdBy(library);
  const draw = normal(8);
  const series = Array.from({ length: 40 }, () => [draw(), draw()]);
  const input = (t: number) => series[t] as number[];
  const whole = simulate([1, -1, 2], 40, input, [0.3, -0.2, 0.1]);
  const cut = ({ data, shape }: Snapshots, from: number, to: number) =>
    trajectory(shape[0], to - from, (i, t) => data[i * shape[1] + from + t] as number);
  const known = simulate([1, -1, 2], 30, input);

  test("A and B are told apart", () => {
    const fit = dmd(known.states, { control: known.inputs });
    expect(spectrumError(found(fit), truth)).toBeLessThan(1e-10);
    expect(relativeError(fit.reconstruct().data, known.states.data)).toBeLessThan(1e-10);
    // Without the inputs' help the eigenvalues are others.
    expect(spectrumError(found(dmd(known.states)), truth)).toBeGreaterThan(0.05);
  });

  test.each([1, 3])(
    "a constant as well, %i in a stack: forecasts under inputs to come",
    (stacks) => {
      const fit = dmd(cut(whole.states, 0, 30), {
        ...{ variant: "affine", stacks, control: cut(whole.inputs, 0, 30) },
      });
      const values = found(fit);
      for (const value of [...truth, [1, 0] as const]) {
        expect(Math.min(...values.map((other) => spectrumError([other], [value])))).toBeLessThan(
          1e-8,
        );
      }
      const ahead = fit.forecast(10, { control: cut(whole.inputs, 30, 40) });
      expect(relativeError(ahead.data, cut(whole.states, 30, 40).data)).toBeLessThan(1e-8);
      const unseen = fit.residual(cut(whole.states, 20, 40), {
        control: cut(whole.inputs, 20, 40),
      });
      expect(unseen).toBeLessThan(1e-9);
    },
  );

  test("the last input is held, unless told otherwise", () => {
    const held = (t: number) => input(Math.min(t, 29));
    const longer = simulate([1, -1, 2], 400, held, [0.3, -0.2, 0.1]).states;
    const fit = dmd(cut(whole.states, 0, 30), {
      ...{ variant: "affine", control: cut(whole.inputs, 0, 30) },
    });
    expect(relativeError(fit.forecast(20).data, cut(longer, 30, 50).data)).toBeLessThan(1e-9);
    const column = (t: number) => cut(longer, t, t + 1).data;
    for (const steps of [1, 2, 37]) {
      const horizon = fit.steadyState({ policy: "horizon", steps }).value ?? [];
      expect(relativeError(horizon, column(29 + steps))).toBeLessThan(1e-9);
      const average = fit.steadyState({ policy: "average", steps }).value ?? [];
      const mean = [0, 1, 2].map(
        (i) =>
          Array.from({ length: steps }, (_, k) => column(30 + k)[i] as number).reduce(
            (sum, value) => sum + value,
            0,
          ) / steps,
      );
      expect(relativeError(average, mean)).toBeLessThan(1e-9);
    }
    for (const policy of ["paper", "fixed-point"] as const) {
      const options = policy === "paper" ? { policy, tolerance: 0.01 } : { policy };
      expect(relativeError(fit.steadyState(options).value ?? [], column(399))).toBeLessThan(1e-8);
    }
  });

  test("pooled windows, each with its own constant input", () => {
    const windows = [0, 1, 2, 3].map((k) =>
      simulate([k, 1, -k], 8, () => [Math.sin(k), Math.cos(3 * k)], [0.1, 0, 0.2]),
    );
    const fit = dmd(
      windows.map(({ states }) => states),
      {
        ...{ variant: "affine", weights: [0.125, 0.25, 0.5, 1] },
        control: windows.map(({ inputs }) => inputs),
      },
    );
    expect(spectrumError(found(fit), [...truth, [1, 0]])).toBeLessThan(1e-8);
    const settled = simulate([3, 1, -3], 400, () => [Math.sin(3), Math.cos(9)], [0.1, 0, 0.2]);
    const { value } = fit.steadyState({ policy: "fixed-point" });
    expect(relativeError(value ?? [], cut(settled.states, 399, 400).data)).toBeLessThan(1e-8);
  });
});
