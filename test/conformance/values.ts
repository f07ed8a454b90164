/** Numbers for arguments: in a range, apart from each other, whole, or true and false. */
import type { Values } from "./case.js";

/** Floating numbers between two bounds. */
export function real(low = -2, high = 2): Values {
  return {
    dtype: "float",
    variable: true,
    draw: (random, size) => Array.from({ length: size }, () => random.between(low, high)),
  };
}

/** Of either sign, but away from zero. */
export const nonzero: Values = {
  dtype: "float",
  variable: true,
  draw: (random, size) =>
    Array.from({ length: size }, () => random.between(0.4, 2) * (random.next() < 0.5 ? -1 : 1)),
};

/**
 * All different, at least 0.02 apart: no maximum has a tie, nor gets one by a small step.
 *
 * @param phase two arguments with different phases (0 and 0.5) have no number in common either
 */
export function distinct(phase = 0): Values {
  return {
    dtype: "float",
    variable: true,
    draw: (random, size) =>
      random
        .shuffled(Array.from({ length: size }, (_, i) => i))
        .map((i) => (i + phase - Math.floor(size / 2)) * 0.04),
  };
}

/** Between whole numbers, at least 0.2 from the nearest. */
export const fractional: Values = {
  dtype: "float",
  variable: true,
  draw: (random, size) =>
    Array.from({ length: size }, () => random.int(-3, 3) + random.between(0.2, 0.8)),
};

/** Few different floating numbers, zeros of both signs among them: many ties. */
export const tied: Values = {
  dtype: "float",
  variable: false,
  draw: (random, size) => Array.from({ length: size }, () => random.int(-2, 2) / 2),
};

export function whole(low: number, high: number): Values {
  return {
    dtype: "int32",
    variable: false,
    draw: (random, size) => Array.from({ length: size }, () => random.int(low, high)),
  };
}

export const bool: Values = {
  dtype: "bool",
  variable: false,
  draw: (random, size) => Array.from({ length: size }, () => random.int(0, 1)),
};

/** The same numbers, but derivatives are not taken by them. */
export function constant(values: Values): Values {
  return { ...values, variable: false };
}
