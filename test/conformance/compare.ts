/** Comparisons that say where two results part. */
import { expect } from "vitest";
import type { TypedArray } from "../../lib/ir/array.js";

type Numbers = ArrayLike<number>;

/**
 * Each element within `tolerance` of the greatest magnitude of its array, at least 1.
 * Infinities and NaN have to be the same.
 */
export function expectClose(
  got: readonly Numbers[],
  want: readonly Numbers[],
  tolerance: number,
  label: string,
): void {
  expect(got.map((g) => g.length)).toEqual(want.map((w) => w.length));
  want.forEach((expected, output) => {
    const actual = got[output] as Numbers;
    const finite = Array.from(expected, Math.abs).filter(Number.isFinite);
    const bound = tolerance * finite.reduce((a, b) => Math.max(a, b), 1);
    for (let i = 0; i < expected.length; i++) {
      const [a, b] = [actual[i] as number, expected[i] as number];
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      if (!(Math.abs(a - b) <= bound))
        expect.fail(`${label}: output ${output}, element ${i} is ${a}, expected ${b} (±${bound})`);
    }
  });
}

const bytes = (data: TypedArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

export function expectSameBits(
  got: readonly TypedArray[],
  want: readonly TypedArray[],
  label: string,
): void {
  want.forEach((expected, output) => {
    const actual = got[output] as TypedArray;
    if (Buffer.compare(bytes(actual), bytes(expected)) === 0) return;
    const i = expected.findIndex((v, at) => !Object.is(v, actual[at]));
    expect.fail(
      `${label}: output ${output}, element ${i} is ${actual[i]}, expected ${expected[i]}`,
    );
  });
}
