/** What the exponents of a fit may be: free, tied in conjugate pairs, without growth. */

import { imaginaryPart, realPart } from "../complex.js";
import type { Constraint } from "../options.js";

/** Of |λ| = 1e-8: what is over within a step need not be over sooner. */
const LEAST_RATE = Math.log(1e-8);

/** What grows stays within float64 over all columns: at 90 % of the digits there is room for amplitudes. */
const MOST_GROWTH = 0.9 * Math.log(Number.MAX_VALUE);

export interface Derivatives {
  /** Of ½‖R‖² by Re α_j and Im α_j, alternating. */
  readonly gradient: Float64Array;
  /** JᵀJ by the same, column-major. */
  readonly hessian: Float64Array;
}

/** Real parameters that exponents are made of. */
export interface Parameters {
  readonly start: Float64Array;
  /** α, complex. */
  exponents(values: Float64Array): Float64Array;
  /** The nearest allowed values. */
  clip(values: Float64Array): Float64Array;
  /** Derivatives by the parameters; those that stand at a bound and press against it are left out. */
  reduce(full: Derivatives, values: Float64Array): Derivatives;
}

/** One parameter: which parts of α it adds to, with which sign. */
interface Parameter {
  readonly parts: readonly (readonly [part: number, sign: number])[];
  readonly start: number;
  /** Whether it is a rate, which has bounds; "stable" makes the upper one 0. */
  readonly rate: boolean;
}

/** @param span Steps from the first column to the last. */
export function parametersOf(
  exponents: Float64Array,
  constraints: readonly Constraint[],
  span: number,
): Parameters {
  const stable = constraints.includes("stable");
  const fixed = new Float64Array(exponents.length);
  const parameters = constraints.includes("conjugate-pairs")
    ? tied(exponents, fixed)
    : Array.from(exponents, (start, part) => free(part, start));
  const most = stable ? 0 : Math.min(-LEAST_RATE, MOST_GROWTH / span);
  const clip = (values: Float64Array) =>
    values.map((value, k) =>
      parameters[k]?.rate ? Math.max(LEAST_RATE, Math.min(value, most)) : value,
    );
  return {
    start: clip(Float64Array.from(parameters, ({ start }) => start)),
    clip,
    exponents(values) {
      const result = fixed.slice();
      parameters.forEach(({ parts }, k) => {
        for (const [part, sign] of parts) {
          result[part] = (result[part] as number) + sign * (values[k] as number);
        }
      });
      return result;
    },
    reduce(full, values) {
      const reduced = reduceBy(parameters, full);
      holdAtBounds(parameters, reduced, values, most);
      return reduced;
    },
  };
}

function free(part: number, start: number): Parameter {
  return { parts: [[part, 1]], start, rate: part % 2 === 0 };
}

/**
 * Pairs share a rate and have opposite turns. What has no partner is real: its turn stays at 0, or at π for a
 * negative eigenvalue, and goes into `fixed`.
 */
function tied(exponents: Float64Array, fixed: Float64Array): Parameter[] {
  const turn = (k: number) => imaginaryPart(exponents, k);
  const open = Array.from({ length: exponents.length / 2 }, (_, k) => k);
  const result: Parameter[] = [];
  while (open.length > 0) {
    const k = open.shift() as number;
    const sine = Math.abs(Math.sin(turn(k)));
    const apart = (j: number) =>
      Math.hypot(realPart(exponents, k) - realPart(exponents, j), turn(k) + turn(j));
    const partner = open.reduce((best, j) => (apart(j) < apart(best) ? j : best), open[0] ?? -1);
    if (sine < 1e-9 || partner < 0 || apart(partner) > 0.1 * Math.abs(turn(k))) {
      fixed[2 * k + 1] = Math.cos(turn(k)) < 0 ? Math.PI : 0;
      result.push(free(2 * k, realPart(exponents, k)));
      continue;
    }
    open.splice(open.indexOf(partner), 1);
    const rate = (realPart(exponents, k) + realPart(exponents, partner)) / 2;
    const parts = (at: number, sign: number) =>
      [
        [2 * k + at, 1],
        [2 * partner + at, sign],
      ] as const;
    result.push({ parts: parts(0, 1), start: rate, rate: true });
    result.push({ parts: parts(1, -1), start: (turn(k) - turn(partner)) / 2, rate: false });
  }
  return result;
}

function reduceBy(parameters: readonly Parameter[], full: Derivatives) {
  const size = full.gradient.length;
  const n = parameters.length;
  const gradient = new Float64Array(n);
  const hessian = new Float64Array(n * n);
  parameters.forEach(({ parts }, j) => {
    for (const [part, sign] of parts) {
      gradient[j] = (gradient[j] as number) + sign * (full.gradient[part] as number);
    }
    parameters.forEach((other, i) => {
      for (const [a, signA] of other.parts) {
        for (const [b, signB] of parts) {
          const entry = full.hessian[b * size + a] as number;
          hessian[j * n + i] = (hessian[j * n + i] as number) + signA * signB * entry;
        }
      }
    });
  });
  return { gradient, hessian };
}

function holdAtBounds(
  parameters: readonly Parameter[],
  { gradient, hessian }: Derivatives,
  values: Float64Array,
  most: number,
): void {
  const n = parameters.length;
  parameters.forEach(({ rate }, k) => {
    const [value, slope] = [values[k] as number, gradient[k] as number];
    const pressing = (value >= most && slope < 0) || (value <= LEAST_RATE && slope > 0);
    if (rate && pressing) {
      gradient[k] = 0;
      for (let i = 0; i < n; i++) {
        hessian[k * n + i] = hessian[i * n + k] = i === k ? 1 : 0;
      }
    }
  });
}
