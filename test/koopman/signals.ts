/** Signals and systems with known answers, and noise of a seed. */

import type { Snapshots } from "../../lib/koopman/index.js";
import { type Complex, trajectory } from "./support.js";

/** Normal numbers of a seed: Box and Muller over a linear congruence. */
export function normal(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function withNoise({ data, shape }: Snapshots, size: number, seed: number): Snapshots {
  const draw = normal(seed);
  return { data: data.map((value) => value + size * draw()), shape };
}

/** λ of a rotation by `angle` that shrinks by `radius`, and its conjugate. */
export function pair(radius: number, angle: number): [Complex, Complex] {
  const [re, im] = [radius * Math.cos(angle), radius * Math.sin(angle)];
  return [
    [re, im],
    [re, -im],
  ];
}

/** Σ of two travelling waves, a decay and a constant: six eigenvalues, all well apart. */
export const WAVES: readonly Complex[] = [[1, 0], [0.8, 0], ...pair(1, 0.7), ...pair(0.95, 0.25)];

export function waves(features: number, time: number): Snapshots {
  return trajectory(features, time, (i, t) => {
    const x = i / features;
    return (
      Math.cos(5 * x + 1) +
      0.8 ** t * Math.sin(3 * x) +
      Math.cos(7 * x - 0.7 * t) +
      0.95 ** t * Math.sin(11 * x + 0.25 * t)
    );
  });
}

/** A shear layer in small: vortices that travel and grow along a mean profile. */
export function shearLayer(points: number, time: number): Snapshots {
  return trajectory(points * points, time, (at, t) => {
    const [x, y] = [(at % points) / points, Math.floor(at / points) / points - 0.5];
    const profile = Math.tanh(8 * y);
    const roll = Math.exp(-30 * y * y) * Math.cos(4 * Math.PI * x - 0.3 * t);
    const half = Math.exp(-20 * y * y) * 1.02 ** t * Math.cos(2 * Math.PI * x - 0.15 * t + 4 * y);
    return profile + roll + 0.5 * half;
  });
}
