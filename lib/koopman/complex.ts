/**
 * Complex numbers in flat arrays: entry k of a complex array `z` has its real part in `z[2 * k]`
 * and its imaginary part in `z[2 * k + 1]`, the layout of LAPACK's `COMPLEX*16`.
 */

/** How many complex numbers an interleaved array holds. */
export function complexLength(values: Float64Array): number {
  return values.length / 2;
}

export function realPart(values: Float64Array, k: number): number {
  return values[2 * k] as number;
}

export function imaginaryPart(values: Float64Array, k: number): number {
  return values[2 * k + 1] as number;
}

/** |z_k|, without overflow. */
export function modulus(values: Float64Array, k: number): number {
  return Math.hypot(realPart(values, k), imaginaryPart(values, k));
}

/** The real parts. */
export function realParts(values: Float64Array): Float64Array {
  return Float64Array.from({ length: complexLength(values) }, (_, k) => realPart(values, k));
}

/** The imaginary parts. */
export function imaginaryParts(values: Float64Array): Float64Array {
  return Float64Array.from({ length: complexLength(values) }, (_, k) => imaginaryPart(values, k));
}

/** The numbers at these places, in this order. */
export function pickNumbers(values: Float64Array, order: readonly number[]): Float64Array {
  return Float64Array.from(order.flatMap((k) => [realPart(values, k), imaginaryPart(values, k)]));
}

/** The mean of arrays, entry by entry; of one, the array itself. */
export function meanOfNumbers(arrays: readonly Float64Array[]): Float64Array {
  const first = arrays[0] as Float64Array;
  if (arrays.length === 1) {
    return first;
  }
  const sums = new Float64Array(first.length);
  for (const array of arrays) {
    for (let at = 0; at < sums.length; at++) {
      sums[at] = (sums[at] as number) + (array[at] as number);
    }
  }
  return sums.map((sum) => sum / arrays.length);
}

/** Real numbers as complex ones. */
export function toComplex(values: Float64Array): Float64Array {
  const result = new Float64Array(2 * values.length);
  values.forEach((value, k) => {
    result[2 * k] = value;
  });
  return result;
}

/** Entries of a complex array as [re, im] pairs: the form that reports and JSON want. */
export function complexPairs(values: Float64Array): [re: number, im: number][] {
  return Array.from({ length: complexLength(values) }, (_, k) => [
    realPart(values, k),
    imaginaryPart(values, k),
  ]);
}
