/** What the public functions accept beyond their primitives: numbers, negative axes, defaults. */
import { describe, expect, test } from "vitest";
import { type HostArray, jit, ops, type Tensor } from "../../lib/index.js";
import { array } from "../../lib/ir/array.js";
import { type Counter, philox4x32 } from "../../lib/ir/philox.js";

const values = (x: HostArray) => Array.from(x.data);
const run = (f: (x: Tensor) => Tensor, x: HostArray | Float64Array) => jit(f)(x);
const grid = array(Float64Array.of(1, 2, 3, 4, 5, 6), [2, 3]);

describe("reductions", () => {
  test("run over everything by default, and keep axes as 1 where asked", () => {
    expect(run((x) => ops.sum(x), grid)).toEqual({ data: Float64Array.of(21), shape: [] });
    expect(run((x) => ops.max(x, { keepDims: true }), grid).shape).toEqual([1, 1]);
    expect(run((x) => ops.mean(x, { axes: [-1], keepDims: true }), grid)).toEqual({
      data: Float64Array.of(2, 5),
      shape: [2, 1],
    });
  });

  test("over no axes change nothing", () => {
    for (const f of [ops.sum, ops.max, ops.min, ops.mean])
      expect(values(run((x) => f(x, { axes: [] }), grid))).toEqual(values(grid));
  });

  test("argmax counts along the last axis by default", () => {
    expect(run((x) => ops.argmax(x), grid)).toEqual({ data: Int32Array.of(2, 2), shape: [2] });
    expect(values(run((x) => ops.argmax(x, 0), grid))).toEqual([1, 1, 1]);
  });
});

describe("shapes", () => {
  test("reshape works out one axis", () => {
    expect(run((x) => ops.reshape(x, [3, -1]), grid).shape).toEqual([3, 2]);
  });

  test("transpose reverses the axes by default", () => {
    expect(run((x) => ops.transpose(x), grid)).toEqual({
      data: Float64Array.of(1, 4, 2, 5, 3, 6),
      shape: [3, 2],
    });
  });

  test("slice takes whole axes by default, every second element by a step of 2", () => {
    expect(run((x) => ops.slice(x, { step: [1, 2] }), grid)).toEqual({
      data: Float64Array.of(1, 3, 4, 6),
      shape: [2, 2],
    });
  });

  test("pad puts zeros around and between", () => {
    const y = run((x) => ops.pad(x, { low: [1], high: [2], interior: [1] }), Float64Array.of(7, 8));
    expect(values(y)).toEqual([0, 7, 0, 8, 0, 0]);
  });

  test("matmul of two vectors is a scalar", () => {
    expect(run((x) => ops.matmul(x, x), Float64Array.of(3, 4))).toEqual({
      data: Float64Array.of(25),
      shape: [],
    });
  });

  test("oneHot puts its axis last by default, or where it is told", () => {
    const index = Int32Array.of(2, 0, 5);
    const hot = jit((i: Tensor) => [ops.oneHot(i, 3), ops.oneHot(i, 3, "float64", 0)])(index);
    expect(hot.map((h) => h.shape)).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(hot.map(values)).toEqual([
      [0, 0, 1, 1, 0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0, 0, 1, 0, 0],
    ]);
  });
});

describe("random numbers", () => {
  const philox = (key: readonly [number, number], counter: Counter) => {
    const block = new Uint32Array(4);
    philox4x32(counter, key, block);
    return [...block];
  };

  test("philox is the published one (Random123's known answers)", () => {
    const hex = (words: number[]) => words.map((w) => w.toString(16).padStart(8, "0")).join(" ");
    expect(hex(philox([0, 0], [0, 0, 0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones], [ones, ones, ones, ones]))).toBe(
      "408f276d 41c83b0e a20bc7c6 6d5451fd",
    );
    expect(
      hex(philox([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344])),
    ).toBe("d16cfe09 94fdcceb 5001e420 24126ea1");
  });

  const draw = (f: (key: Tensor) => Tensor | readonly Tensor[], seed = 1) =>
    jit(f)(Int32Array.of(seed, 0)) as HostArray & readonly HostArray[];

  test("the same key gives the same numbers, another key others, each site its own", () => {
    const two = (key: Tensor) => [ops.uniform(key, [4]), ops.uniform(key, [4])];
    const [a, b] = draw(two).map(values) as [number[], number[]];
    expect(draw(two).map(values)).toEqual([a, b]);
    expect(a).not.toEqual(b);
    expect(values(draw(two, 2)[0] as HostArray)).not.toEqual(a);
  });

  test("uniform numbers fill [0, 1) evenly", () => {
    const x = values(draw((key) => ops.uniform(key, [100_000])));
    expect(Math.min(...x.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(x.every((v) => v >= 0 && v < 1)).toBe(true);
    // Counts of ten bins: 10,000 ± 5 standard deviations of a binomial (95).
    const bins = Array.from(
      { length: 10 },
      (_, i) => x.filter((v) => Math.floor(v * 10) === i).length,
    );
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });

  test("normal numbers have mean 0, variance 1 and are finite", () => {
    const x = values(draw((key) => ops.normal(key, [100_000])));
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((a, b) => a + b * b, 0) / x.length;
    expect(x.every(Number.isFinite)).toBe(true);
    // Five standard errors: 1/√n and √(2/n).
    expect(Math.abs(mean)).toBeLessThan(0.016);
    expect(Math.abs(variance - 1)).toBeLessThan(0.023);
  });

  test("bernoulli gives ones with its probability", () => {
    const x = values(draw((key) => ops.bernoulli(key, 0.3, [100_000])));
    const share = x.reduce((a, b) => a + b) / x.length;
    expect(new Set(x)).toEqual(new Set([0, 1]));
    expect(Math.abs(share - 0.3)).toBeLessThan(0.0073);
  });
});
