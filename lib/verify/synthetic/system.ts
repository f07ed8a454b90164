/** Linear systems whose spectrum is known, seen through q = 3 numbers a step. */

import { normals } from "../problems/random.js";
import { type HostMatrix, pseudoInverse, realMatrix, times } from "./matrices.js";

/** Real eigenvalues, and pairs as [modulus, angle]. */
export type Eigenvalue = number | readonly [modulus: number, angle: number];

export const OBSERVED = 3;

export interface System {
  /** Block-diagonal, with the eigenvalues asked for. */
  readonly operator: HostMatrix;
  /** [3, states] */
  readonly readout: HostMatrix;
  readonly start: HostMatrix;
}

export function system(eigenvalues: readonly Eigenvalue[], seed: number): System {
  const size = eigenvalues.reduce((n: number, e) => n + (typeof e === "number" ? 1 : 2), 0);
  const data = new Float64Array(size * size);
  let at = 0;
  for (const value of eigenvalues) {
    if (typeof value === "number") data[at * size + at] = value;
    else {
      const [modulus, angle] = value;
      const [c, s] = [modulus * Math.cos(angle), modulus * Math.sin(angle)];
      data[at * size + at] = c;
      data[(at + 1) * size + at + 1] = c;
      data[at * size + at + 1] = s;
      data[(at + 1) * size + at] = -s;
    }
    at += typeof value === "number" ? 1 : 2;
  }
  return {
    operator: realMatrix(data, size, size),
    readout: realMatrix(normals(OBSERVED * size, 100 + seed), OBSERVED, size),
    start: realMatrix(new Float64Array(size).fill(1), size, 1),
  };
}

/** Row-major [count, 3]: what is seen at the times 0 … count − 1. */
export function observe({ operator, readout, start }: System, count: number): Float64Array {
  const seen = new Float64Array(count * OBSERVED);
  let state = start;
  for (let t = 0; t < count; t++) {
    seen.set(times(readout, state).data, t * OBSERVED);
    state = times(operator, state);
  }
  return seen;
}

/** The same with normal noise of so large a part of its root mean square. */
export function withNoise(seen: Float64Array, share: number, seed: number): Float64Array {
  if (share === 0) return seen.slice();
  const size = Math.sqrt(seen.reduce((sum, x) => sum + x * x, 0) / seen.length);
  const noise = normals(seen.length, seed);
  return seen.map((x, i) => x + share * size * (noise[i] as number));
}

/** Stacked, and the operator that moves stacks on: O A O⁺ with O what m steps show of a state. */
export function stackedOperator({ operator, readout }: System, stacks: number): HostMatrix | null {
  const size = operator.rows;
  if (OBSERVED * stacks < size) return null;
  let seen = readout;
  const data = new Float64Array(OBSERVED * stacks * size);
  for (let s = 0; s < stacks; s++) {
    for (let j = 0; j < size; j++)
      for (let i = 0; i < OBSERVED; i++)
        data[j * OBSERVED * stacks + s * OBSERVED + i] = seen.data[j * OBSERVED + i] as number;
    seen = times(seen, operator);
  }
  const shown = realMatrix(data, OBSERVED * stacks, size);
  return times(times(shown, operator), pseudoInverse(shown));
}
