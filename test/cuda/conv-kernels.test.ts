/**
 * Every kernel of convolutions by itself, on the emulator. The others' tests meet only those that are
 * chosen for small geometries. Operands are multiples of 1/8: sums of their products are exact in all
 * precisions, so results must be equal.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { convLaunch } from "../../lib/lower/cuda/conv.js";
import type { Size3 } from "../../lib/lower/cuda/launches.js";
import type { ConvGroupStep, ConvJob, ConvTerm } from "../../lib/lower/cuda/steps.js";
import type { ComputeType, ConvStep, LanedRef, Window2d } from "../../lib/lower/program.js";
import type { NativeDevice } from "../../lib/native/addon.js";
import { FIXED_KERNELS } from "../lower/cuda/fixed-kernels.js";
import { addon, callsOf, compile, mockOptions } from "./support.js";

type Kind = ConvStep["op"];

interface Kernel {
  readonly kind: Kind;
  readonly dtype: ComputeType;
  readonly tf32: boolean;
  readonly rows: number;
  readonly columns: number;
  /** Channels that it reads at once. */
  readonly width: number;
}

const KINDS: Record<string, Kind> = {
  forward: "conv2d",
  input_grad: "conv2dInputGrad",
  filter_grad: "conv2dFilterGrad",
};

function kernelOf(name: string): Kernel {
  const parts = /^conv_([a-z_]+)_(f32|tf32|f64)_(\d+)x(\d+)(_any)?$/.exec(name) ?? [];
  const [, kind = "", precision, rows, columns, any] = parts;
  return {
    kind: KINDS[kind] as Kind,
    dtype: precision === "f64" ? "float64" : "float32",
    tf32: precision === "tf32",
    rows: Number(rows),
    columns: Number(columns),
    width: any ? 1 : 4,
  };
}

const whole = (min: number, max: number) => fc.integer({ min, max });

/** `width` channels are read at once: of x, or of an input gradient's ȳ. */
function geometries({ kind, width, columns }: Kernel): fc.Arbitrary<Window2d> {
  const [read, other] = [whole(1, 6).map((n) => n * width), whole(1, columns + 5)];
  return fc
    .record({
      ...{ h: whole(1, 8), w: whole(1, 8), kh: whole(1, 4), kw: whole(1, 4) },
      ...{ strideH: whole(1, 3), strideW: whole(1, 3), padTop: whole(0, 2), padLeft: whole(0, 2) },
      ...(kind === "conv2dInputGrad" ? { c: other, o: read } : { c: read, o: other }),
    })
    .map((g) => ({
      ...{ n: 0, ...g },
      oh: Math.floor((g.h + 2 * g.padTop - g.kh) / g.strideH) + 1,
      ow: Math.floor((g.w + 2 * g.padLeft - g.kw) / g.strideW) + 1,
    }))
    .filter(({ oh, ow }) => oh >= 1 && ow >= 1);
}

const jobs = fc.array(
  fc.record({
    ...{ images: whole(1, 4), lanes: whole(1, 3), accumulate: fc.boolean() },
    terms: fc.array(fc.record({ a: fc.boolean(), b: fc.boolean() }), {
      minLength: 1,
      maxLength: 2,
    }),
  }),
  { minLength: 1, maxLength: 2 },
);

type JobShape = (typeof jobs extends fc.Arbitrary<infer T> ? T : never) extends readonly (infer J)[]
  ? J
  : never;

/** Elements of each operand for one lane. */
function sizes(kind: Kind, { h, w, c, kh, kw, o, oh, ow }: Window2d, images: number) {
  const [x, y, filters] = [images * h * w * c, images * oh * ow * o, kh * kw * c * o];
  return {
    conv2d: { a: x, b: filters, out: y },
    conv2dInputGrad: { a: y, b: filters, out: x },
    conv2dFilterGrad: { a: x, b: y, out: filters },
  }[kind];
}

/** Adds the products of one term and one lane to `out`. */
function convolve(
  kind: Kind,
  g: Window2d,
  images: number,
  [a, b, out]: readonly [Float64Array, Float64Array, Float64Array],
): void {
  for (let n = 0; n < images; n++)
    for (let i = 0; i < g.oh; i++)
      for (let j = 0; j < g.ow; j++)
        for (let p = 0; p < g.kh; p++)
          for (let q = 0; q < g.kw; q++) {
            const [r, s] = [i * g.strideH + p - g.padTop, j * g.strideW + q - g.padLeft];
            if (r < 0 || r >= g.h || s < 0 || s >= g.w) continue;
            for (let c = 0; c < g.c; c++)
              for (let o = 0; o < g.o; o++) {
                const x = ((n * g.h + r) * g.w + s) * g.c + c;
                const w = ((p * g.kw + q) * g.c + c) * g.o + o;
                const y = ((n * g.oh + i) * g.ow + j) * g.o + o;
                const [from, with_, to] = {
                  conv2d: [x, w, y],
                  conv2dInputGrad: [y, w, x],
                  conv2dFilterGrad: [x, y, w],
                }[kind] as [number, number, number];
                out[to] = (out[to] as number) + (a[from] as number) * (b[with_] as number);
              }
          }
}

/** One slot that holds all operands, each from a place that may not suit vector loads. */
class Memory {
  readonly values: number[] = [];
  private state: number;

  constructor(
    seed: number,
    private readonly skewed: boolean,
  ) {
    this.state = seed;
  }

  /** A multiple of 1/8 from −1 to 1. */
  private next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) | 0;
    return ((this.state >>> 16) % 17) / 8 - 1;
  }

  add(size: number): number {
    while (this.values.length % 4 !== (this.skewed ? 1 : 0)) this.values.push(Number.NaN);
    const at = this.values.length;
    for (let i = 0; i < size; i++) this.values.push(this.next());
    return at;
  }
}

const slice = (values: ArrayLike<number>, { ref, laneStride }: LanedRef<number>, lane: number) =>
  Float64Array.from(values).subarray(ref + lane * laneStride);

/** Puts the operands into memory; references are places in it. */
function placeJob(kernel: Kernel, g: Window2d, splits: number, memory: Memory, job: JobShape) {
  const { images, lanes } = job;
  const size = sizes(kernel.kind, g, images);
  const operand = (elements: number, laned: boolean): LanedRef<number> => ({
    ref: memory.add(elements * (laned ? lanes : 1)),
    laneStride: laned ? elements : 0,
  });
  const terms: ConvTerm<number>[] = job.terms.map(({ a, b }) => ({
    a: operand(size.a, a),
    b: operand(size.b, b),
  }));
  const out = { ref: memory.add(size.out * lanes * splits), laneStride: size.out };
  const splitStride = splits > 1 ? size.out * lanes : 0;
  const accumulate = job.accumulate && splits === 1;
  return { images, lanes, terms, out, accumulate, splitStride };
}

/** What each lane's result must be. */
function expected(kind: Kind, g: Window2d, values: number[], job: ConvJob<number>): number[][] {
  const size = sizes(kind, g, job.images).out;
  return Array.from({ length: job.lanes }, (_, lane) => {
    const out = job.accumulate
      ? slice(values, job.out, lane).slice(0, size)
      : new Float64Array(size);
    for (const { a, b } of job.terms)
      convolve(kind, g, job.images, [slice(values, a, lane), slice(values, b, lane), out]);
    return [...out];
  });
}

function received(kind: Kind, g: Window2d, values: ArrayLike<number>, splits: number) {
  return (job: ConvJob<number>): number[][] => {
    const size = sizes(kind, g, job.images).out;
    return Array.from({ length: job.lanes }, (_, lane) => {
      const sum = new Float64Array(size);
      for (let part = 0; part < splits; part++) {
        const out = slice(values, job.out, lane).subarray(part * job.splitStride);
        for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + (out[i] as number);
      }
      return [...sum];
    });
  };
}

/** Blocks for this kernel's tile, which need not be the one that would be chosen. */
function gridOf({ kind, rows, columns }: Kernel, step: ConvGroupStep<number>): Size3 {
  const { h, w, c, kh, kw, o, strideH, strideW, oh, ow } = step.window;
  const images = Math.max(...step.jobs.map((job) => job.images));
  const phase = Math.ceil(h / strideH) * Math.ceil(w / strideW);
  const [m, n, phases] = {
    conv2d: [images * oh * ow, o, 1],
    conv2dInputGrad: [images * phase, c, strideH * strideW],
    conv2dFilterGrad: [kh * kw * c, o, 1],
  }[kind] as [number, number, number];
  const lanes = step.jobs.reduce((sum, job) => sum + job.lanes, 0);
  const tiles = Math.ceil(m / rows) * Math.ceil(n / columns);
  return [tiles * lanes * phases * step.splits, 1, 1];
}

let device: NativeDevice;
beforeAll(() => {
  device = addon.createCudaDevice(mockOptions());
});

function runKernel(name: string, kernel: Kernel, step: ConvGroupStep<number>, values: number[]) {
  const bytes = kernel.dtype === "float64" ? 8 : 4;
  const { args } = convLaunch(
    {
      ...step,
      jobs: step.jobs.map((job) => {
        const place = ({ ref, laneStride }: LanedRef<number>) => ({
          ref: { space: "slot", slot: 0, offset: ref * bytes } as const,
          laneStride,
        });
        const terms = job.terms.map(({ a, b }) => ({ a: place(a), b: place(b) }));
        return { ...job, terms, out: place(job.out) };
      }),
    },
    kernel.tf32,
  );
  const grid = gridOf(kernel, step);
  const data = kernel.dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  const buffer = device.allocate(data.byteLength);
  buffer.write(data, 0);
  const program = compile(device, {
    name,
    arenaBytes: 0,
    slots: [{ name: "memory", dtype: kernel.dtype, bytes: data.byteLength }],
    modules: [],
    kernels: [{ name, module: null }],
    launches: [{ op: "kernel", kernel: 0, grid, block: [128, 1, 1], args }],
  });
  callsOf(device, program, buffer, 1).runSync();
  buffer.read(data, 0);
  return data;
}

const KERNELS = [...FIXED_KERNELS].filter((name) => name.startsWith("conv_"));

test.each(KERNELS)("%s", (name) => {
  const kernel = kernelOf(name);
  const { kind, dtype } = kernel;
  const parts = kind === "conv2dFilterGrad" ? whole(1, 4) : fc.constant(1);
  fc.assert(
    fc.property(
      ...[geometries(kernel), jobs, parts, fc.boolean(), whole(0, 2 ** 31 - 1)],
      (window, shapes, splits, skewed, seed) => {
        const memory = new Memory(seed, skewed);
        const placed = shapes.map((shape) => placeJob(kernel, window, splits, memory, shape));
        const step = { op: "convGroup", kind, dtype, window, jobs: placed, splits } as const;
        const data = runKernel(name, kernel, step, memory.values);
        expect(placed.map(received(kind, window, data, splits))).toEqual(
          placed.map((job) => expected(kind, window, memory.values, job)),
        );
      },
    ),
    { numRuns: 5 },
  );
});
