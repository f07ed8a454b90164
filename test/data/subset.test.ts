import { expect, test } from "vitest";
import { randomSubset } from "../../lib/data/index.js";
import { permutation, STREAM } from "../../lib/data/permutation.js";

test("a subset is what the end of the whole permutation holds, ascending", () => {
  for (const size of [1, 7, 99, 100]) {
    const key = { seed: 5, stream: STREAM.criterion, epoch: 3 };
    const whole = permutation(100, key);
    const wanted = [...whole.slice(100 - size)].sort((a, b) => a - b);
    expect([...randomSubset(100, size, { seed: 5, draw: 3 })]).toEqual(wanted);
  }
});

test("every example comes up as often as any other", () => {
  const times = new Int32Array(20);
  const draws = 4000;
  for (let draw = 1; draw <= draws; draw++)
    for (const i of randomSubset(20, 5, { seed: 1, draw })) times[i] = (times[i] as number) + 1;
  // Binomial with mean 1,000 and deviation 27: five of them.
  for (const count of times) expect(Math.abs(count - draws / 4)).toBeLessThan(137);
});

test("seed and draw make it another", () => {
  const of = (seed: number, draw: number) => [...randomSubset(1000, 20, { seed, draw })];
  expect(of(1, 2)).toEqual(of(1, 2));
  expect(of(1, 2)).not.toEqual(of(1, 3));
  expect(of(1, 2)).not.toEqual(of(2, 2));
});

test("more than there are is refused", () => {
  expect(() => randomSubset(10, 11, { seed: 0, draw: 1 })).toThrow(/at least 11/);
  expect(() => randomSubset(10, 0, { seed: 0, draw: 1 })).toThrow(/at least 1/);
});
