import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { convLaunch, filterGradSplits } from "../../../lib/lower/cuda/conv.js";
import type { ConvGroupStep, ConvJob } from "../../../lib/lower/cuda/steps.js";
import type { ComputeType, ConvStep, Window2d } from "../../../lib/lower/program.js";
import { FIXED_KERNELS } from "./fixed-kernels.js";

const KINDS = ["conv2d", "conv2dInputGrad", "conv2dFilterGrad"] as const;

function windowOf(size: number, c: number, o: number, k: number, stride = 1, pad = 0): Window2d {
  const out = Math.floor((size + 2 * pad - k) / stride) + 1;
  return {
    ...{ n: 0, h: size, w: size, c, kh: k, kw: k, o, strideH: stride, strideW: stride },
    ...{ padTop: pad, padLeft: pad, oh: out, ow: out },
  };
}

const term = (name: string, laneStride: number) => ({
  a: { ref: `${name}.a`, laneStride },
  b: { ref: `${name}.b`, laneStride: laneStride + 1 },
});

function job(images: number, lanes: number, terms = 1): ConvJob<string> {
  return {
    images,
    lanes,
    terms: [term("first", 10), term("second", 20)].slice(0, terms),
    out: { ref: `out${terms}`, laneStride: 30 },
    accumulate: false,
    splitStride: 0,
  };
}

function group(
  kind: ConvStep["op"],
  window: Window2d,
  jobs: readonly ConvJob<string>[],
  dtype: ComputeType = "float32",
): ConvGroupStep<string> {
  return { op: "convGroup", kind, dtype, window, jobs, splits: 1 };
}

const LENET = [windowOf(28, 1, 16, 5), windowOf(12, 16, 16, 5)] as const;
const WRN = [windowOf(32, 32, 32, 3, 1, 1), windowOf(8, 128, 128, 3, 1, 1)] as const;

const geometry = fc
  .record({
    size: fc.integer({ min: 1, max: 40 }),
    c: fc.integer({ min: 1, max: 140 }),
    o: fc.integer({ min: 1, max: 140 }),
    k: fc.integer({ min: 1, max: 7 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 3 }),
  })
  .filter(({ size, k, pad }) => size + 2 * pad >= k)
  .map(({ size, c, o, k, stride, pad }) => windowOf(size, c, o, k, stride, pad));

const jobs = fc.array(
  fc
    .record({
      images: fc.integer({ min: 1, max: 300 }),
      lanes: fc.integer({ min: 1, max: 5 }),
      terms: fc.integer({ min: 1, max: 2 }),
    })
    .map(({ images, lanes, terms }) => job(images, lanes, terms)),
  { minLength: 1, maxLength: 2 },
);

describe("convLaunch", () => {
  it("names a kernel that exists, with tiles that cover every result", () => {
    fc.assert(
      fc.property(
        ...[geometry, jobs, fc.constantFrom(...KINDS)],
        ...[fc.constantFrom("float32", "float64"), fc.boolean(), fc.integer({ min: 1, max: 9 })],
        (window, jobs, kind, dtype, tf32, splits) => {
          const step = { ...group(kind, window, jobs, dtype), splits };
          const { name, grid, block } = convLaunch(step, tf32);
          expect(FIXED_KERNELS).toContain(name);
          expect(block).toEqual([128, 1, 1]);
          const [, rows, columns] = (/_(\d+)x(\d+)/.exec(name) ?? []).map(Number) as number[];
          const images = Math.max(...jobs.map((j) => j.images));
          const { h, w, c, kh, kw, o, strideH, strideW, oh, ow } = window;
          const phase = Math.ceil(h / strideH) * Math.ceil(w / strideW);
          const [m, n] = {
            conv2d: [images * oh * ow, o],
            conv2dInputGrad: [images * phase, c],
            conv2dFilterGrad: [kh * kw * c, o],
          }[kind] as [number, number];
          const tiles = Math.ceil(m / (rows as number)) * Math.ceil(n / (columns as number));
          const lanes = jobs.reduce((sum, j) => sum + j.lanes, 0);
          const phases = kind === "conv2dInputGrad" ? strideH * strideW : 1;
          expect(grid).toEqual([tiles * lanes * phases * splits, 1, 1]);
        },
      ),
    );
  });

  it("reads four channels at once where there are whole quads of them", () => {
    const name = (kind: ConvStep["op"], c: number, o: number) =>
      convLaunch(group(kind, windowOf(8, c, o, 3), [job(8, 1)]), false).name;
    expect(name("conv2d", 3, 16)).toMatch(/_any$/);
    expect(name("conv2d", 4, 3)).not.toMatch(/_any$/);
    expect(name("conv2dInputGrad", 4, 3)).toMatch(/_any$/);
    expect(name("conv2dFilterGrad", 3, 16)).toMatch(/_any$/);
  });

  it("takes the precision that was asked for, TF32 for float32 only", () => {
    const name = (dtype: ComputeType, tf32: boolean) =>
      convLaunch(group("conv2d", LENET[1], [job(128, 1)], dtype), tf32).name;
    expect(name("float32", false)).toMatch(/^conv_forward_f32_/);
    expect(name("float32", true)).toMatch(/^conv_forward_tf32_/);
    expect(name("float64", true)).toMatch(/^conv_forward_f64_/);
  });

  it("takes small tiles until there are enough large ones for all processors", () => {
    const name = (window: Window2d, images: number) =>
      convLaunch(group("conv2d", window, [job(images, 1)]), false).name;
    expect(name(LENET[1], 128)).toBe("conv_forward_f32_32x16");
    expect(name(LENET[1], 6000)).toBe("conv_forward_f32_128x16");
    expect(name(WRN[0], 128)).toBe("conv_forward_f32_128x32");
    expect(name(WRN[1], 1024)).toBe("conv_forward_f32_128x64");
  });

  it("lists geometry, then both jobs, those with the longer sums first", () => {
    const one: ConvJob<string> = { ...job(5, 1, 1), accumulate: true, splitStride: 7 };
    const step = group("conv2d", { ...windowOf(9, 4, 6, 3, 2, 1), ow: 8 }, [one, job(4, 3, 2)]);
    expect(convLaunch(step, false).args).toEqual([
      ...[9, 9, 4, 3, 3, 6, 2, 2, 1, 1, 5, 8],
      ...[4, 3, 2, 0, 0, "first.a", 10, "first.b", 11, "second.a", 20, "second.b", 21, "out2", 30],
      ...[5, 1, 1, 1, 7, "first.a", 10, "first.b", 11, 0, 0, 0, 0, "out1", 30],
    ]);
  });

  it("leaves the place of the second job empty, and tells filter gradients their parts", () => {
    const step = { ...group("conv2dFilterGrad", LENET[1], [job(128, 2)]), splits: 3 };
    const { args } = convLaunch(step, false);
    expect(args.slice(27)).toEqual([...Array(15).fill(0), 3]);
  });

  it("writes parts, even where their sum is added to what is there", () => {
    const adding = { ...job(128, 1), accumulate: true };
    const flag = (splits: number) =>
      convLaunch({ ...group("conv2dFilterGrad", LENET[1], [adding]), splits }, false).args[15];
    expect(flag(1)).toBe(1);
    expect(flag(2)).toBe(0);
  });

  it("has an empty grid where there is nothing to write", () => {
    expect(convLaunch(group("conv2d", LENET[1], [job(0, 1)]), false).grid[0]).toBe(0);
  });

  it("refuses images and filters of more elements than it can count", () => {
    const large = windowOf(40_000, 4, 4, 3);
    for (const kind of KINDS)
      expect(() => convLaunch(group(kind, large, [job(1, 1)]), false)).toThrow(
        /^Expected at most 1073741824 elements of the images under one tile on CUDA but received/,
      );
    expect(() =>
      convLaunch(group("conv2d", windowOf(8, 20_000, 20_000, 3), [job(1, 1)]), false),
    ).toThrow(/elements of filters/);
  });
});

describe("filterGradSplits", () => {
  const splits = (window: Window2d, images: number, lanes: number) =>
    filterGradSplits({ dtype: "float32", window, jobs: [job(images, lanes)] });

  it("makes enough blocks for all processors of an H100", () => {
    for (const window of [...LENET, ...WRN]) {
      const step = group("conv2dFilterGrad", window, [job(128, 3)]);
      const blocks = convLaunch({ ...step, splits: splits(window, 128, 3) }, false).grid[0];
      expect(blocks).toBeGreaterThan(2 * 132);
      expect(blocks).toBeLessThan(5 * 132);
    }
  });

  it("leaves parts of 256 pixels at least", () => {
    expect(splits(windowOf(4, 16, 16, 3), 16, 1)).toBe(1);
    expect(splits(LENET[1], 16, 1)).toBe(4);
  });

  it("does not cut what fills the device as it is", () => {
    expect(splits(windowOf(8, 512, 512, 3, 1, 1), 128, 4)).toBe(1);
  });
});
