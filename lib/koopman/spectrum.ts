/** The order in which eigenvalues are reported, which is which of two spectra, and what is outside the unit disc. */

import { complexLength, imaginaryPart, modulus, realPart } from "./complex.js";

/**
 * Positions of eigenvalues by |λ| descending, then Re λ ascending, then Im λ ascending. Moduli are
 * compared rounded to 1e-10, so that round-off does not reorder values of equal modulus.
 */
export function spectralOrder(eigenvalues: Float64Array): number[] {
  const rounded = (k: number) => Math.round(modulus(eigenvalues, k) * 1e10);
  return Array.from({ length: complexLength(eigenvalues) }, (_, k) => k).sort(
    (a, b) =>
      rounded(b) - rounded(a) ||
      realPart(eigenvalues, a) - realPart(eigenvalues, b) ||
      imaginaryPart(eigenvalues, a) - imaginaryPart(eigenvalues, b),
  );
}

/** For each reference value the place of its own: matched one to one, the nearest first. */
export function matching(reference: Float64Array, values: Float64Array): number[] {
  const count = complexLength(reference);
  const pairs = Array.from({ length: count * count }, (_, at) => {
    const [i, j] = [at % count, Math.floor(at / count)];
    const distance = Math.hypot(
      realPart(reference, i) - realPart(values, j),
      imaginaryPart(reference, i) - imaginaryPart(values, j),
    );
    return { i, j, distance };
  }).sort((a, b) => a.distance - b.distance);
  const places = Array<number>(count).fill(-1);
  const taken = new Set<number>();
  for (const { i, j } of pairs) {
    if (places[i] === -1 && !taken.has(j)) {
      places[i] = j;
      taken.add(j);
    }
  }
  return places;
}

/** ρ = max |λ|; 0 for an empty spectrum. */
export function spectralRadius(eigenvalues: Float64Array): number {
  let radius = 0;
  for (let k = 0; k < complexLength(eigenvalues); k++) {
    radius = Math.max(radius, modulus(eigenvalues, k));
  }
  return radius;
}

/** All eigenvalues divided by ρ where ρ > 1, else as they are; with the divisor used (1 or ρ). */
export function clampSpectrum(eigenvalues: Float64Array): {
  readonly eigenvalues: Float64Array;
  readonly divisor: number;
} {
  const divisor = Math.max(1, spectralRadius(eigenvalues));
  return { eigenvalues: eigenvalues.map((part) => part / divisor), divisor };
}

/** Each eigenvalue with |λ| > 1 moved to the unit circle, along its ray. */
export function ontoCircle(eigenvalues: Float64Array): Float64Array {
  return eigenvalues.map((part, at) => part / Math.max(1, modulus(eigenvalues, at >> 1)));
}
