/**
 * Theorem 3.1 on systems whose operator is known. With both operators' powers bounded, by c and ĉ, the
 * forecast s steps ahead of the same stack y misses by no more than
 *
 *     ‖Kˢ y − K̂ˢ y‖ ≤ s · c · ĉ · ‖K − K̂‖ · ‖y‖
 *
 * (Kˢ − K̂ˢ = Σ K̂ⁱ (K − K̂) Kˢ⁻¹⁻ⁱ), which is the theorem's first term with its constant written out. Both sides are
 * of K on the directions that trajectories take.
 */

import { snapshots } from "../../hyper/forecast/trajectories.js";
import { dmd } from "../../koopman/index.js";
import { median } from "../measures.js";
import {
  divided,
  growth,
  type HostMatrix,
  plus,
  realMatrix,
  spectralNorm,
  times,
} from "./matrices.js";
import {
  type Eigenvalue,
  OBSERVED,
  observe,
  stackedOperator,
  system,
  withNoise,
} from "./system.js";

/** Spectral radius 1, as the theorem wants it. */
const SPECTRUM: readonly Eigenvalue[] = [1, 0.97, 0.9, [0.95, 0.6]];
const AHEAD = 100;

export interface BoundRow {
  readonly noise: number;
  readonly points: number;
  readonly stacks: number;
  /** ‖ĥ − h‖ / ‖h‖, of the whole stack. */
  readonly error: number;
  readonly bound: number;
  /** ‖K − K̂‖ */
  readonly apart: number;
}

export interface BoundOptions {
  readonly noises: readonly number[];
  readonly points: readonly number[];
  readonly stacks: readonly number[];
  readonly seeds: number;
}

export const BOUND: BoundOptions = {
  noises: [0, 1e-4, 1e-2],
  points: [10, 20, 50, 200],
  stacks: [2, 4, 8],
  seeds: 10,
};

/** Medians over seeds. */
export function bounds({ noises, points, stacks, seeds }: BoundOptions = BOUND): BoundRow[] {
  const rows: BoundRow[] = [];
  for (const noise of noises)
    for (const n of points)
      for (const m of stacks) {
        if (m + 2 > n) continue;
        const trials = Array.from({ length: seeds }, (_, seed) => trial(noise, n, m, seed));
        const middle = (of: (t: Trial) => number) => median(trials.map(of)) as number;
        rows.push({
          noise,
          points: n,
          stacks: m,
          error: middle((t) => t.error),
          bound: middle((t) => t.bound),
          apart: middle((t) => t.apart),
        });
      }
  return rows;
}

type Trial = Pick<BoundRow, "error" | "bound" | "apart">;

function trial(noise: number, points: number, stacks: number, seed: number): Trial {
  const known = system(SPECTRUM, seed);
  const clean = observe(known, points + AHEAD);
  const data = withNoise(clean.slice(0, points * OBSERVED), noise, 1000 + seed);
  const fit = dmd(snapshots({ data, points, size: OBSERVED, stepsLeft: AHEAD }), {
    stacks,
    rank: Math.min(known.operator.rows, points - stacks, OBSERVED * stacks),
  });
  const truth = stackedOperator(known, stacks) as HostMatrix;
  const found = operatorOf(fit.modes, fit.eigenvalues, OBSERVED * stacks);
  // Both from the true last stack, so that what differs is the operator.
  const last = realMatrix(
    clean.slice((points - stacks) * OBSERVED, points * OBSERVED),
    OBSERVED * stacks,
    1,
  );
  const ahead = (k: HostMatrix) => {
    let state = last;
    for (let s = 0; s < AHEAD; s++) state = times(k, state);
    return state;
  };
  const end = ahead(truth);
  const size = Math.hypot(...end.data);
  const apart = spectralNorm(plus(truth, found, -1));
  const reach =
    AHEAD * growth(truth, AHEAD) * growth(found, AHEAD) * apart * Math.hypot(...last.data);
  return {
    error: Math.hypot(...plus(ahead(found), end, -1).data) / size,
    bound: reach / size,
    apart,
  };
}

/** Ξ Λ Ξ⁺ */
function operatorOf(
  modes: readonly Float64Array[],
  values: Float64Array,
  rows: number,
): HostMatrix {
  const real = new Float64Array(2 * rows * modes.length);
  const moved = new Float64Array(2 * rows * modes.length);
  modes.forEach((mode, k) => {
    const [re, im] = [values[2 * k] as number, values[2 * k + 1] as number];
    for (let i = 0; i < rows; i++) {
      const [a, b] = [mode[2 * i] as number, mode[2 * i + 1] as number];
      real.set([a, b], 2 * (k * rows + i));
      moved.set([a * re - b * im, a * im + b * re], 2 * (k * rows + i));
    }
  });
  const columns = modes.length;
  const basis: HostMatrix = { data: real, rows, columns, complex: true };
  const next: HostMatrix = { data: moved, rows, columns, complex: true };
  return divided(next, basis);
}
