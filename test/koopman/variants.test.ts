/** Every variant on systems whose eigenvalues are known. */

import { describe, expect, test } from "vitest";
import {
  complexPairs,
  type Dmd,
  type DmdOptions,
  dmd,
  type Snapshots,
} from "../../lib/koopman/index.js";
import { normal, pair, shearLayer, WAVES, waves, withNoise } from "./signals.js";
import {
  type Complex,
  dmdBy,
  libraries,
  relativeError,
  snapshotsOf,
  spectrumError,
  trajectory,
} from "./support.js";

const everyVariant: [string, DmdOptions][] = [
  ["exact", {}],
  ["projected", { variant: "projected" }],
  ["Hankel", { stacks: 3 }],
  ["hodmd", { variant: "hodmd", stacks: 4 }],
  ["forward-backward", { variant: "forward-backward" }],
  ["total-least-squares", { variant: "total-least-squares" }],
  ["affine", { variant: "affine" }],
  ["subspace", { variant: "subspace" }],
  ["optimized", { variant: "optimized" }],
  ["optimized, constrained", { variant: "optimized", constraints: ["stable", "conjugate-pairs"] }],
  ["bagged", { variant: "bagged", trials: 5 }],
];

const found = (fit: Dmd) => complexPairs(fit.eigenvalues);

/** The next snapshots of a trajectory that is longer than what was fitted. */
function later(whole: Snapshots, from: number): number[] {
  const [features, time] = whole.shape;
  return Array.from({ length: features }, (_, i) => [
    ...whole.data.subarray(i * time + from, (i + 1) * time),
  ]).flat();
}

function until(whole: Snapshots, time: number): Snapshots {
  const [features, all] = whole.shape;
  return trajectory(features, time, (i, t) => whole.data[i * all + t] as number);
}

const everywhere = libraries.flatMap((library) =>
  everyVariant.map(([name, options]) => ({ library, name, options })),
);

describe.each(everywhere)("$name without noise, by $library", ({ library, options }) => {
  const dmd = dmdBy(library);
  const whole = waves(40, 40);
  const given = until(whole, 30);
  const fit = dmd(given, options);

  test("eigenvalues to 1e-8", () => {
    expect(spectrumError(found(fit), WAVES)).toBeLessThan(1e-8);
  });

  test("reconstruction and forecast", () => {
    expect(fit.reconstruct().shape).toEqual([40, 30]);
    expect(relativeError(fit.reconstruct().data, given.data)).toBeLessThan(1e-8);
    const ahead = fit.forecast(10);
    expect(ahead.shape).toEqual([40, 10]);
    expect(relativeError(ahead.data, later(whole, 30))).toBeLessThan(1e-8);
  });

  test("the residual is round-off, also of what it has not seen", () => {
    expect(fit.residual()).toBeLessThan(1e-9);
    const unseen = trajectory(40, 10, (i, t) => whole.data[i * 40 + 30 + t] as number);
    expect(fit.residual(unseen)).toBeLessThan(1e-9);
    const other = trajectory(40, 10, (i, t) => Math.sin(i * i * t));
    expect(fit.residual(other)).toBeGreaterThan(0.5);
  });

  test("JSON holds all of it", () => {
    const json = JSON.parse(JSON.stringify(fit));
    expect(json.eigenvalues).toEqual(found(fit));
    expect(json.amplitudes).toEqual(complexPairs(fit.amplitudes));
    expect(json.modes).toHaveLength(fit.eigenvalues.length / 2);
    expect(json.modes[0]).toHaveLength(40 * fit.stacks);
    expect(json).toMatchObject({
      variant: fit.variant,
      rank: fit.rank,
      time: 30,
      linalg: library,
    });
  });

  test("modes times powers of eigenvalues times amplitudes are the trajectory", () => {
    const [values, amplitudes] = [found(fit), complexPairs(fit.amplitudes)];
    for (const t of [0, 7, 26]) {
      const column = Array.from({ length: 40 }, (__, i) =>
        fit.modes.reduce((sum, mode, k) => {
          const [a, b] = [mode[2 * i] as number, mode[2 * i + 1] as number];
          const [c, d] = amplitudes[k] as Complex;
          const [re, im] = values[k] as Complex;
          const [size, angle] = [Math.hypot(re, im) ** t, Math.atan2(im, re) * t];
          const [p, q] = [a * c - b * d, a * d + b * c];
          return sum + size * (p * Math.cos(angle) - q * Math.sin(angle));
        }, 0),
      );
      const expected = column.map((__, i) => given.data[i * 30 + t] as number);
      expect(relativeError(column, expected)).toBeLessThan(1e-7);
    }
  });
});

describe("complex snapshots", () => {
  const spectrum: Complex[] = [
    [0.9, 0.2],
    [0.3, -0.8],
    [-0.5, 0.1],
  ];
  const rows = 8;
  const time = 16;
  const data = new Float64Array(2 * rows * time);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < time; t++) {
      spectrum.forEach(([re, im], k) => {
        const [size, angle] = [Math.hypot(re, im) ** t, Math.atan2(im, re) * t + i * (k + 1)];
        const at = 2 * (i * time + t);
        data[at] = (data[at] as number) + size * Math.cos(angle);
        data[at + 1] = (data[at + 1] as number) + size * Math.sin(angle);
      });
    }
  }
  const given: Snapshots = { data, shape: [rows, time], complex: true };
  const one: [string, DmdOptions][] = everyVariant.filter(
    ([name]) => name !== "affine" && name !== "optimized, constrained",
  );

  test.each(one)("%s", (_, options) => {
    const fit = dmd(given, options);
    expect(fit.complex).toBe(true);
    expect(spectrumError(found(fit), spectrum)).toBeLessThan(1e-8);
    const back = fit.reconstruct();
    expect(back.complex).toBe(true);
    expect(relativeError(back.data, data)).toBeLessThan(1e-8);
    expect(fit.residual(given)).toBeLessThan(1e-9);
    const steady = fit.steadyState({ policy: "horizon", steps: 1 });
    expect(relativeError(steady.value ?? [], fit.forecast(1).data)).toBeLessThan(1e-9);
  });

  test("affine: a complex fixed point", () => {
    const offset = data.map((value, at) => value + (at % 2 ? 2 : -1));
    const fit = dmd({ ...given, data: offset }, { variant: "affine" });
    expect(spectrumError(found(fit), [[1, 0], ...spectrum])).toBeLessThan(1e-8);
    const { value } = fit.steadyState({ policy: "fixed-point" });
    const expected = Array.from({ length: rows }, () => [-1, 2]).flat();
    expect(relativeError(value ?? [], expected)).toBeLessThan(1e-8);
  });
});

describe("classical signals", () => {
  test("two frequencies at one point, by HODMD and by optimized DMD on stacks", () => {
    const whole = trajectory(1, 80, (_, t) => Math.sin(0.3 * t) + 0.5 * Math.sin(1.1 * t + 1));
    const circle = [...pair(1, 0.3), ...pair(1, 1.1)];
    for (const variant of ["hodmd", "optimized"] as const) {
      const fit = dmd(until(whole, 60), { variant, stacks: 8 });
      expect(spectrumError(found(fit), circle)).toBeLessThan(1e-8);
      expect(relativeError(fit.forecast(20).data, later(whole, 60))).toBeLessThan(1e-8);
    }
  });

  test("a damped oscillator, sampled from its closed form", () => {
    // x″ + 2ζωx′ + ω²x = 0, every Δ: λ = exp((−ζω ± i ω√(1−ζ²)) Δ).
    const [zeta, omega, step] = [0.1, 2, 0.15];
    const turn = omega * Math.sqrt(1 - zeta * zeta);
    const position = (s: number) => Math.exp(-zeta * omega * s) * Math.cos(turn * s);
    const speed = (s: number) =>
      Math.exp(-zeta * omega * s) *
      (-zeta * omega * Math.cos(turn * s) - turn * Math.sin(turn * s));
    const given = snapshotsOf(
      [position, speed].map((f) => Array.from({ length: 25 }, (_, t) => f(t * step))),
    );
    const expected = pair(Math.exp(-zeta * omega * step), turn * step);
    for (const [, options] of everyVariant) {
      // Two features have no room for stacks' rank or a constant.
      if (!options.stacks && options.variant !== "affine") {
        expect(spectrumError(found(dmd(given, options)), expected)).toBeLessThan(1e-8);
      }
    }
  });

  test("a shear layer: the mean, a roll and a growing subharmonic", () => {
    const given = shearLayer(24, 40);
    const fit = dmd(given);
    expect(fit.rank).toBe(5);
    const expected: Complex[] = [[1, 0], ...pair(1, 0.3), ...pair(1.02, 0.15)];
    expect(spectrumError(found(fit), expected)).toBeLessThan(1e-8);
    const mean = fit.steadyState({ tolerance: 0.03 });
    expect(mean.kept).toBe(1);
  });

  test("eigenvalues of equal size and opposite sign have one square", () => {
    const given = trajectory(
      3,
      20,
      (i, t) => Math.cos(i) * 0.9 ** t + Math.sin(i + 1) * (-0.9) ** t,
    );
    const expected: Complex[] = [
      [0.9, 0],
      [-0.9, 0],
    ];
    const fit = dmd(given, { variant: "forward-backward" });
    expect(spectrumError(found(fit), expected)).toBeLessThan(1e-10);
  });
});

describe("noise", () => {
  /** x′ = A x, A a rotation that shrinks a little, seen with noise. */
  const [radius, angle, time] = [0.98, 0.5, 120];
  const clean = trajectory(
    2,
    time,
    (i, t) => radius ** t * Math.cos(angle * t - (i * Math.PI) / 2),
  );
  const [truth] = pair(radius, angle);
  const size = 0.05;

  /** Mean over seeds of |λ| − radius, and its standard error. */
  function bias(options: DmdOptions, seeds = 200): { mean: number; error: number } {
    const moduli = Array.from({ length: seeds }, (_, seed) => {
      const values = found(dmd(withNoise(clean, size, seed + 1), options));
      const nearest = values.reduce((best, value) =>
        spectrumError([value], [truth]) < spectrumError([best], [truth]) ? value : best,
      );
      return Math.hypot(...nearest) - radius;
    });
    const mean = moduli.reduce((sum, value) => sum + value, 0) / seeds;
    const variance = moduli.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (seeds - 1);
    return { mean, error: Math.sqrt(variance / seeds) };
  }

  test("exact DMD is biased inwards by as much as theory says", () => {
    // E[A] ≈ A (I − N σ² (X Xᵀ)⁻¹) (Dawson et al. 2016, eq. 18); here X Xᵀ is close to a multiple of I.
    const energy = clean.data.reduce((sum, value) => sum + value * value, 0) / 2;
    const { mean, error } = bias({});
    const predicted = -radius * ((time * size * size) / (energy + time * size * size));
    expect(mean).toBeLessThan(-10 * error);
    expect(Math.abs(mean - predicted)).toBeLessThan(0.15 * Math.abs(predicted));
  });

  test.each<[string, DmdOptions]>([
    ["forward-backward", { variant: "forward-backward" }],
    ["total-least-squares", { variant: "total-least-squares" }],
    ["optimized", { variant: "optimized" }],
  ])("%s removes at least nine tenths of it", (_, options) => {
    const { mean, error } = bias(options);
    const plain = bias({}).mean;
    expect(Math.abs(mean)).toBeLessThan(Math.abs(plain) / 10 + 3 * error);
  });

  test("subspace DMD sees through noise of the system and of the measurement", () => {
    const draw = normal(3);
    const long = 20_000;
    const states: [number, number][] = [[1, 0]];
    for (let t = 1; t < long; t++) {
      const [x, y] = states[t - 1] as [number, number];
      const [c, s] = [0.95 * Math.cos(0.6), 0.95 * Math.sin(0.6)];
      states.push([c * x - s * y + 0.1 * draw(), s * x + c * y + 0.1 * draw()]);
    }
    const given = trajectory(
      2,
      long,
      (i, t) => ((states[t] as number[])[i] as number) + 0.3 * draw(),
    );
    const expected = pair(0.95, 0.6);
    const errorOf = (options: DmdOptions) => spectrumError(found(dmd(given, options)), expected);
    expect(errorOf({})).toBeGreaterThan(0.2);
    expect(errorOf({ variant: "subspace" })).toBeLessThan(0.02);
  });

  test("optimized DMD forecasts best, and bagging says how well it knows", () => {
    const given = withNoise(waves(30, 60), 0.05, 5);
    const truthful = later(waves(30, 80), 60);
    const options = { rank: 6, stacks: 1 };
    const errorOf = (more: DmdOptions) =>
      relativeError(dmd(given, { ...options, ...more }).forecast(20).data, truthful);
    const optimized = errorOf({ variant: "optimized" });
    expect(optimized).toBeLessThan(0.1);
    expect(optimized).toBeLessThan(errorOf({}) / 3);
    const bagged = dmd(given, { ...options, variant: "bagged", trials: 40, seed: 9 });
    const { spread } = bagged;
    const sizes = found(bagged).map((value) =>
      Math.min(...WAVES.map((true_) => spectrumError([value], [true_]))),
    );
    sizes.forEach((error, k) => {
      // Trials share most of their columns: their spread is a lower bound of the error's size.
      expect(error).toBeLessThan(8 * (spread?.eigenvalues[k] as number));
    });
    const deviation = spread?.forecast(20).data ?? [];
    expect(Math.max(...deviation)).toBeGreaterThan(0);
    expect(Math.max(...deviation)).toBeLessThan(0.3);
    const again = dmd(given, { ...options, variant: "bagged", trials: 40, seed: 9 });
    expect(again.eigenvalues).toEqual(bagged.eigenvalues);
    const other = dmd(given, { ...options, variant: "bagged", trials: 40, seed: 10 });
    expect(other.eigenvalues).not.toEqual(bagged.eigenvalues);
  });

  /** 1 + i + 0.9ᵗ, of noise that an unbounded search makes spikes of. */
  const spiked = (seed: number) =>
    withNoise(
      trajectory(2, 12, (i, t) => 1 + i + 0.9 ** t),
      0.15,
      seed,
    );

  test("optimized and bagged DMD without constraints: finite, whatever noise asks for", () => {
    let largest = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const given = spiked(seed);
      for (const options of [
        { variant: "optimized", rank: 2 },
        { variant: "bagged", rank: 2, trials: 10, seed },
      ] as const) {
        const fit = dmd(given, options);
        expect(fit.eigenvalues.every(Number.isFinite)).toBe(true);
        largest = Math.max(largest, ...fit.eigenvalues);
        const { data } = fit.reconstruct();
        expect(relativeError(data, given.data)).toBeLessThan(
          options.variant === "bagged" ? 2 : 0.2,
        );
        expect(JSON.stringify(fit)).not.toContain("null,null");
      }
    }
    // Some of them are held at the bound of growth, or near it.
    expect(largest).toBeGreaterThan(1e3);
    expect(largest).toBeLessThanOrEqual(1e8 * (1 + 1e-12));
  });

  test("growth is bounded so that long trajectories stay within float64", () => {
    const last = trajectory(1, 200, (_, t) => (t === 199 ? 1 : 1e-3 * (t % 3)));
    const fit = dmd(last, { variant: "optimized" });
    expect(fit.eigenvalues[0]).toBeLessThan(30);
    // The spike is reached at that rate: a 25th of it stands one step before.
    expect(relativeError(fit.reconstruct().data, last.data)).toBeLessThan(0.05);
  });

  test("optimized DMD of data of any size", () => {
    const given = withNoise(waves(10, 30), 0.01, 3);
    const options = { variant: "optimized", rank: 6 } as const;
    const expected = found(dmd(given, options));
    for (const size of [2 ** -700, 2 ** 700]) {
      const data = given.data.map((value) => value * size);
      expect(spectrumError(found(dmd({ ...given, data }, options)), expected)).toBeLessThan(1e-6);
    }
  });

  test("stable trials reach to the columns that they have not seen", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const given = withNoise(
        trajectory(2, 16, (i, t) => 1 + i + 0.9 ** t * (i ? 1 : -1)),
        0.2,
        seed,
      );
      const constraints = ["stable"] as const;
      const options = { rank: 2, constraints } as const;
      const bagged = dmd(given, { ...options, variant: "bagged", trials: 20, seed });
      const optimized = dmd(given, { ...options, variant: "optimized" });
      const [own, best] = [bagged, optimized].map((fit) =>
        relativeError(fit.reconstruct().data, given.data),
      ) as [number, number];
      expect(best).toBeLessThan(0.25);
      expect(own).toBeLessThan(1.3 * best);
    }
  });

  test("bagged: eigenvalues in order and in pairs", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const given = withNoise(
        trajectory(2, 16, (i, t) => (i ? 1 : 0.5) * 0.9 ** t + 0.85 ** t * (i ? 0.3 : 1)),
        0.03,
        seed,
      );
      const values = found(dmd(given, { variant: "bagged", trials: 10, rank: 2, seed }));
      const [first, second] = values.map(([re, im]) => Math.hypot(re, im)) as [number, number];
      expect(second).toBeLessThanOrEqual(first + 1e-10);
      const conjugates = values.map(([re, im]): Complex => [re, -im]);
      expect(spectrumError(values, conjugates)).toBeLessThan(1e-15);
    }
  });

  test("bagged: what a steady state reports belongs to its value", () => {
    let [split, silent] = [0, 0];
    for (let seed = 1; seed <= 30; seed++) {
      const fit = dmd(withNoise(spiked(seed), 0.02, seed), {
        ...{ variant: "bagged", trials: 10, rank: 2, seed },
      });
      const { value, deviation, kept, selected, trials } = fit.steadyState({ tolerance: 0.03 });
      expect(trials?.total).toBe(10);
      const { answered = 0, keptBy = [] } = trials ?? {};
      expect(keptBy).toHaveLength(fit.eigenvalues.length / 2);
      expect(selected).toEqual(keptBy.map((count) => count > 0));
      expect(kept).toBe(selected.filter(Boolean).length);
      expect(answered).toBeGreaterThanOrEqual(Math.max(...keptBy));
      expect(value === null).toBe(answered === 0);
      expect(value === null).toBe(kept === 0);
      expect(deviation === null).toBe(value === null);
      split += answered > 0 && answered < 10 ? 1 : 0;
      silent += answered === 0 ? 1 : 0;
      const all = fit.steadyState({ policy: "horizon", steps: 5 });
      expect(all.trials).toEqual({ total: 10, answered: 10, keptBy: [10, 10] });
    }
    expect(split).toBeGreaterThan(0);
    expect(silent).toBeGreaterThan(0);
  });

  test("iteration tells of trials that did not converge", () => {
    const given = withNoise(waves(10, 30), 0.05, 5);
    const options = { variant: "bagged", rank: 6, trials: 8 } as const;
    expect(dmd(given, options).iteration).toMatchObject({ converged: true, unconverged: 0 });
    const stopped = dmd(given, { ...options, maxIterations: 1 }).iteration;
    expect(stopped).toEqual({ iterations: 1, converged: false, unconverged: 8 });
  });

  test("constraints hold under noise", () => {
    const given = withNoise(
      trajectory(3, 40, (i, t) => Math.cos(i + 1) + 0.5 ** t * i),
      0.2,
      2,
    );
    const fit = dmd(given, { variant: "optimized", constraints: ["stable", "conjugate-pairs"] });
    const values = found(fit);
    for (const [re, im] of values) {
      expect(Math.hypot(re, im)).toBeLessThanOrEqual(1 + 1e-15);
    }
    expect(
      spectrumError(
        values,
        values.map(([re, im]): Complex => [re, -im]),
      ),
    ).toBe(0);
    expect(fit.iteration?.converged).toBe(true);
  });

  test("a ridge shrinks, by the factor it should", () => {
    const given = trajectory(1, 12, (_, t) => 0.9 ** t);
    const fit = dmd(given, { tikhonov: 0.25 });
    expect(fit.eigenvalues[0]).toBeCloseTo(0.9 / 1.25, 12);
  });
});

test("the residual of complex snapshots by a real fit counts both parts", () => {
  const given = trajectory(2, 10, (i, t) => 0.9 ** t * (i + 1) + (i ? 0.5 ** t : 0));
  const draw = normal(7);
  const other = trajectory(2, 10, () => 10 * draw());
  for (const options of [{}, { stacks: 2 }, { variant: "optimized" }] as const) {
    const fit = dmd(given, options);
    const data = new Float64Array(40);
    given.data.forEach((value, k) => {
      data[2 * k] = value;
      data[2 * k + 1] = other.data[k] as number;
    });
    // The operator is real: it acts on each part alone.
    const from = (snapshots: Snapshots) =>
      Math.hypot(
        ...[0, 1].flatMap((i) => [...snapshots.data.subarray(10 * i + fit.stacks, 10 * i + 10)]),
      );
    const [re, im] = [from(given), from(other)];
    const expected =
      Math.hypot(fit.residual(given) * re, fit.residual(other) * im) / Math.hypot(re, im);
    expect(expected).toBeGreaterThan(0.1);
    expect(fit.residual({ data, shape: [2, 10], complex: true })).toBeCloseTo(expected, 10);
  }
});

describe("rank", () => {
  test("the hard threshold finds the rank under noise, and never less than one", () => {
    const given = withNoise(waves(200, 80), 0.02, 11);
    expect(dmd(given).rank).toBe(79);
    expect(dmd(given, { rank: "optimal" }).rank).toBe(6);
    const noise = withNoise(
      trajectory(50, 40, () => 0),
      1,
      4,
    );
    expect(dmd(noise, { rank: "optimal" }).rank).toBe(1);
  });

  test("a part of the energy", () => {
    const given = snapshotsOf([
      [3, 0, 0],
      [0, 1, 0],
    ]);
    expect(dmd(given, { rank: { energy: 0.9 } }).rank).toBe(1);
    expect(dmd(given, { rank: { energy: 0.91 } }).rank).toBe(2);
    expect(dmd(given, { rank: { energy: 1 } }).rank).toBe(2);
  });

  test("in space, before stacking", () => {
    const fit = dmd(withNoise(waves(100, 60), 1e-4, 6), {
      ...{ variant: "hodmd", stacks: 6, spatialRank: 8, rank: 6 },
    });
    expect(fit.modes[0]).toHaveLength(2 * 600);
    expect(spectrumError(found(fit), WAVES)).toBeLessThan(1e-3);
  });
});
