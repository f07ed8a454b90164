/** Trajectories whose operator is known in closed form. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { complexPairs, hankel } from "../../lib/koopman/index.js";
import {
  type Complex,
  dmdBy,
  libraries,
  relativeError,
  snapshotsOf,
  spectrumError,
  trajectory,
} from "./support.js";

describe("hankel", () => {
  test("stacks consecutive columns, the earliest on top", () => {
    const stacked = hankel(
      snapshotsOf([
        [1, 2, 3, 4],
        [10, 20, 30, 40],
      ]),
      3,
    );
    expect(stacked.shape).toEqual([6, 2]);
    expect([...stacked.data]).toEqual([1, 2, 10, 20, 2, 3, 20, 30, 3, 4, 30, 40]);
  });

  test("one stack is the trajectory", () => {
    const given = snapshotsOf([[1, 2, 3]]);
    expect(hankel(given, 1)).toEqual(given);
  });
});

describe.each(libraries)("known systems by %s", (library) => {
  const dmd = dmdBy(library);

  test("a damped oscillation of one feature around a constant, through delays", () => {
    const [decay, turn, offset] = [0.95, 0.4, 2.5];
    const fit = dmd(
      trajectory(1, 20, (_, t) => offset + 3 * decay ** t * Math.cos(turn * t)),
      { stacks: 4 },
    );
    const pair = [decay * Math.cos(turn), decay * Math.sin(turn)] as const;
    expect(
      spectrumError(complexPairs(fit.eigenvalues), [[1, 0], pair, [pair[0], -pair[1]]]),
    ).toBeLessThan(1e-10);
    const steady = fit.steadyState({ tolerance: 1e-6 });
    expect(steady.kept).toBe(1);
    expect(steady.value?.[0]).toBeCloseTo(offset, 9);
  });

  test("two undamped frequencies from one feature", () => {
    const [slow, fast] = [0.3, 1.1];
    const fit = dmd(
      trajectory(1, 30, (_, t) => Math.sin(slow * t) + 0.5 * Math.sin(fast * t + 1)),
      { stacks: 6 },
    );
    const circle = [slow, -slow, fast, -fast].map(
      (angle): Complex => [Math.cos(angle), Math.sin(angle)],
    );
    expect(spectrumError(complexPairs(fit.eigenvalues), circle)).toBeLessThan(1e-9);
    expect(fit.steadyState({ tolerance: 0.01 }).value).toBeNull();
  });

  test("geometric growth is clamped, and its mode kept", () => {
    const fit = dmd(trajectory(2, 8, (i, t) => (i + 1) * 1.2 ** t));
    expect(complexPairs(fit.eigenvalues)).toEqual([[expect.closeTo(1.2, 12), 0]]);
    const steady = fit.steadyState();
    expect(steady.clamp).toBeCloseTo(1.2, 12);
    expect(relativeError(steady.value ?? [], [1, 2])).toBeLessThan(1e-12);
  });

  test("the tolerance is strict", () => {
    const decaying = dmd(snapshotsOf([[8, 4, 2, 1]]));
    expect(complexPairs(decaying.eigenvalues)).toEqual([[expect.closeTo(0.5, 14), 0]]);
    const gap = 1 - (decaying.eigenvalues[0] as number);
    expect(decaying.steadyState({ tolerance: gap }).kept).toBe(0);
    expect(decaying.steadyState({ tolerance: gap * (1 + 1e-12) }).kept).toBe(1);
  });

  test("a mode that dies at once has eigenvalue 0 and leaves the rest alone", () => {
    const fit = dmd(
      snapshotsOf([
        [5, 5, 5, 5],
        [7, 0, 0, 0],
      ]),
    );
    expect(
      spectrumError(complexPairs(fit.eigenvalues), [
        [1, 0],
        [0, 0],
      ]),
    ).toBeLessThan(1e-14);
    expect(relativeError(fit.steadyState().value ?? [], [5, 0])).toBeLessThan(1e-14);
  });

  test("a constant trajectory stays", () => {
    const fit = dmd(
      trajectory(3, 10, (i) => [0.25, -3, 0][i] as number),
      { stacks: 4 },
    );
    expect(fit.rank).toBe(1);
    expect(complexPairs(fit.eigenvalues)).toEqual([[expect.closeTo(1, 14), 0]]);
    expect(relativeError(fit.steadyState().value ?? [], [0.25, -3, 0])).toBeLessThan(1e-14);
  });

  test("a trajectory of zeros has no modes and no steady state", () => {
    const fit = dmd(
      trajectory(3, 10, () => 0),
      { stacks: 4 },
    );
    expect(fit.rank).toBe(0);
    expect(fit.modes).toEqual([]);
    expect(fit.eigenvalues).toHaveLength(0);
    expect(fit.amplitudes).toHaveLength(0);
    expect(fit.steadyState()).toEqual({
      policy: "paper",
      value: null,
      deviation: null,
      kept: 0,
      selected: [],
      clamp: 1,
      trials: null,
      eigenvalues: new Float64Array(0),
    });
  });

  test("the shortest trajectories are enough", () => {
    expect(complexPairs(dmd(snapshotsOf([[2, 3]])).eigenvalues)).toEqual([
      [expect.closeTo(1.5, 14), 0],
    ]);
    const stacked = dmd(snapshotsOf([[1, 1, 1, 1]]), { stacks: 3 });
    expect(stacked.steadyState().value?.[0]).toBeCloseTo(1, 14);
  });

  test("scale changes amplitudes only", () => {
    const values = (scale: number) =>
      dmd(
        trajectory(2, 12, (i, t) => scale * (1 + i + 0.7 ** t * Math.cos(t + i))),
        { stacks: 3 },
      );
    const [tiny, unit] = [values(1e-120), values(1)];
    expect(relativeError(tiny.eigenvalues, unit.eigenvalues)).toBeLessThan(1e-6);
    const settled = tiny.steadyState({ tolerance: 1e-4 }).value ?? [];
    expect(
      relativeError(
        Array.from(settled, (v) => v * 1e120),
        [1, 2],
      ),
    ).toBeLessThan(1e-6);
  });

  test("modes and amplitudes rebuild a long trajectory, and the steady state is their sum", () => {
    const [features, stacks] = [200, 2];
    const given = trajectory(
      features,
      9,
      (i, t) => Math.sin(i) + 0.9 ** t * Math.cos(t + i) + Math.cos(3 * i) * 0.5 ** t,
    );
    const fit = dmd(given, { stacks });
    expect(fit.modes.map((mode) => mode.length)).toEqual(Array(4).fill(2 * features * stacks));
    expect(fit.modes).toBe(fit.modes);
    const [values, amplitudes] = [complexPairs(fit.eigenvalues), complexPairs(fit.amplitudes)];
    const terms = fit.modes.map((mode, k) => {
      const [re, im] = amplitudes[k] as Complex;
      return complexPairs(mode).map(([a, b]): Complex => [a * re - b * im, a * im + b * re]);
    });
    const stacked = hankel(given, stacks);
    const columns = stacked.shape[1];
    for (let t = 0; t < columns - 1; t++) {
      const sum = Array.from({ length: features * stacks }, (_, i) =>
        terms.reduce((total, term, k) => {
          const [re, im] = values[k] as Complex;
          const [size, angle] = [Math.hypot(re, im) ** t, Math.atan2(im, re) * t];
          const [a, b] = term[i] as Complex;
          return total + size * (a * Math.cos(angle) - b * Math.sin(angle));
        }, 0),
      );
      const expected = sum.map((_, i) => stacked.data[i * columns + t] as number);
      expect(relativeError(sum, expected)).toBeLessThan(1e-11);
    }
    const steady = fit.steadyState({ tolerance: 0.01 });
    expect(steady.selected).toEqual([true, false, false, false]);
    const lasting = (terms[0] as Complex[]).slice(0, features).map(([re]) => re);
    expect(relativeError(steady.value ?? [], lasting)).toBeLessThan(1e-13);
  });

  test("ten thousand features", () => {
    const features = 10_000;
    const fit = dmd(trajectory(features, 12, (i, t) => Math.sin(i) + Math.cos(i) * 0.8 ** t));
    expect(
      spectrumError(complexPairs(fit.eigenvalues), [
        [1, 0],
        [0.8, 0],
      ]),
    ).toBeLessThan(1e-12);
    const settled = fit.steadyState({ tolerance: 0.01 }).value ?? [];
    expect(
      relativeError(
        settled,
        Array.from({ length: features }, (_, i) => Math.sin(i)),
      ),
    ).toBeLessThan(1e-11);
  });
});

describe.each(libraries)("properties of fits by %s", (library) => {
  const dmd = dmdBy(library);

  /** A stable system: a constant part, real decays and decaying rotations, all well apart. */
  const systems = fc
    .record({
      decays: fc.uniqueArray(fc.integer({ min: -9, max: 9 }), { maxLength: 3 }),
      turns: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }),
      seed: fc.integer({ min: 0, max: 1e6 }),
    })
    .map(({ decays, turns, seed }) => {
      const real = decays.filter((decay) => decay !== 0).map((decay) => decay / 10);
      const rotations = turns.map((turn) => ({ radius: 0.9, angle: turn / 3.3 }));
      return { real, rotations, seed };
    });

  test("a random stable system's spectrum and fixed part are recovered to 1e-8", () => {
    fc.assert(
      fc.property(systems, ({ real, rotations, seed }) => {
        const spectrum: Complex[] = [[1, 0], ...real.map((decay): Complex => [decay, 0])];
        for (const { radius, angle } of rotations) {
          const [re, im] = [radius * Math.cos(angle), radius * Math.sin(angle)];
          spectrum.push([re, im], [re, -im]);
        }
        // Feature i mixes the parts with cosines of seed + i: rows in general position.
        const features = 12;
        const mix = (i: number, part: number) => Math.cos(seed + 1.7 * i * (part + 1) + part);
        const fit = dmd(
          trajectory(features, 24, (i, t) => {
            const decaying = real.map((decay, k) => mix(i, k + 1) * decay ** t);
            const turning = rotations.map(
              ({ radius, angle }, k) => radius ** t * Math.cos(angle * t + mix(i, k + 5)),
            );
            return [mix(i, 0), ...decaying, ...turning].reduce((sum, value) => sum + value, 0);
          }),
        );
        expect(spectrumError(complexPairs(fit.eigenvalues), spectrum)).toBeLessThan(1e-8);
        const steady = fit.steadyState({ tolerance: 0.05 });
        const fixed = Array.from({ length: features }, (_, i) => mix(i, 0));
        expect(relativeError(steady.value ?? [], fixed)).toBeLessThan(1e-8);
      }),
      { numRuns: 60 },
    );
  });

  test("any finite trajectory: an ordered spectrum in conjugate pairs, inside the disc once clamped", () => {
    const entry = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 100);
    const shapes = fc.record({
      features: fc.integer({ min: 1, max: 4 }),
      time: fc.integer({ min: 2, max: 9 }),
    });
    const cases = shapes.chain(({ features, time }) =>
      fc.record({
        rows: fc.array(fc.array(entry, { minLength: time, maxLength: time }), {
          minLength: features,
          maxLength: features,
        }),
        stacks: fc.integer({ min: 1, max: time - 1 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ rows, stacks }) => {
        const fit = dmd(snapshotsOf(rows), { stacks });
        const values = complexPairs(fit.eigenvalues);
        expect(values).toHaveLength(fit.rank);
        const moduli = values.map(([re, im]) => Math.hypot(re, im));
        moduli.slice(1).forEach((modulus, k) => {
          expect(modulus).toBeLessThanOrEqual((moduli[k] as number) + 1e-10);
        });
        const conjugates = values.map(([re, im]): Complex => [re, -im]);
        expect(spectrumError(values, conjugates)).toBe(0);
        const steady = fit.steadyState();
        expect(steady.value === null).toBe(steady.kept === 0);
        for (const [re, im] of complexPairs(steady.eigenvalues)) {
          expect(Math.hypot(re, im)).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
      { numRuns: 200 },
    );
  });
});
