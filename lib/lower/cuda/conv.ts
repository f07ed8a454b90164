/**
 * Which kernel of `native/cuda/kernels/conv_*` does a group of convolutions, on how many blocks, with
 * which arguments. All are products whose result is cut into tiles: rows are pixels (of a filter
 * gradient: taps × channels), columns are output channels (of an input gradient: channels).
 */
import type { ConvStep, Window2d } from "../program.js";
import { checkSize, type FixedLaunch, line, NOWHERE } from "./fixed.js";
import type { ConvGroupStep, ConvJob, ConvTerm } from "./steps.js";

interface Tile {
  readonly rows: number;
  readonly columns: number;
  /**
   * Products per second of a block relative to the largest tile's, all processors being busy. Small
   * tiles read more of shared memory for each product, and share the work of moving slices among fewer.
   */
  readonly speed: number;
}

const tile = (rows: number, columns: number, speed: number): Tile => ({ rows, columns, speed });

const T32x16 = tile(32, 16, 0.45);
const T64x16 = tile(64, 16, 0.55);
const T128x16 = tile(128, 16, 0.65);
const T64x32 = tile(64, 32, 0.7);
const T128x32 = tile(128, 32, 0.8);
const T64x64 = tile(64, 64, 0.85);
const T128x64 = tile(128, 64, 1);

type Kind = ConvStep["op"];

const KERNELS: Record<Kind, string> = {
  conv2d: "conv_forward",
  conv2dInputGrad: "conv_input_grad",
  conv2dFilterGrad: "conv_filter_grad",
};

/** Kernels that read four channels at once. */
const QUAD_TILES: Record<Kind, readonly Tile[]> = {
  conv2d: [T32x16, T64x16, T128x16, T64x32, T128x32, T64x64, T128x64],
  conv2dInputGrad: [T32x16, T64x16, T128x16, T64x32, T128x32, T64x64, T128x64],
  conv2dFilterGrad: [T32x16, T64x16, T64x32, T128x32, T64x64, T128x64],
};

/** Kernels for any number of channels: first layers, mostly. */
const ANY_TILES: Record<Kind, readonly Tile[]> = {
  conv2d: [T32x16, T64x16, T128x16, T64x64],
  conv2dInputGrad: [T64x16, T64x64],
  conv2dFilterGrad: [T32x16, T64x32],
};

const FLOAT64_TILES = [T64x16, T64x64];

const THREADS = 128;

/** An H100's. On another chip the choice is a little worse, and as right. */
const PROCESSORS = 132;
/** Blocks of 128 threads that keep a processor busy while some of them wait for memory. */
const BUSY_BLOCKS = 3;

/** Pixels that a part of a filter gradient's sum should have at least, to be worth a block's start and end. */
const LEAST_PIXELS = 256;

/** Offsets within the images that a tile meets are counted in 32 bits; the margin is for padding. */
const MOST_ELEMENTS = 2 ** 30;

/** What the choice of a kernel depends on. */
type Shape = Pick<ConvGroupStep<unknown>, "kind" | "dtype" | "window"> & {
  readonly jobs: readonly Pick<ConvJob<unknown>, "images" | "lanes">[];
};

const up = (a: number, b: number) => Math.ceil(a / b);

/** Channels that lie side by side in what the kernel reads pixel by pixel. */
const innerChannels = (kind: Kind, { c, o }: Window2d) => (kind === "conv2dInputGrad" ? o : c);

const readsQuads = (kind: Kind, window: Window2d) => innerChannels(kind, window) % 4 === 0;

function tilesOf({ kind, dtype, window }: Shape): readonly Tile[] {
  if (dtype === "float64") return FLOAT64_TILES;
  return (readsQuads(kind, window) ? QUAD_TILES : ANY_TILES)[kind];
}

/** Rows of the largest product, and columns of all. */
function productSize({ kind, window, jobs }: Shape): { rows: number; columns: number } {
  const { h, w, c, kh, kw, o, strideH, strideW, oh, ow } = window;
  const images = Math.max(...jobs.map((job) => job.images));
  switch (kind) {
    case "conv2d":
      return { rows: images * oh * ow, columns: o };
    case "conv2dInputGrad":
      return { rows: images * up(h, strideH) * up(w, strideW), columns: c };
    case "conv2dFilterGrad":
      return { rows: kh * kw * c, columns: o };
  }
}

const lanesOf = ({ jobs }: Shape) => jobs.reduce((sum, job) => sum + job.lanes, 0);

/** Products for each lane: pixels of an input gradient are taken by their residue modulo the strides. */
const phasesOf = ({ kind, window }: Shape) =>
  kind === "conv2dInputGrad" ? window.strideH * window.strideW : 1;

function tilesIn(shape: Shape, { rows, columns }: Tile): number {
  const size = productSize(shape);
  return up(size.rows, rows) * up(size.columns, columns) * lanesOf(shape) * phasesOf(shape);
}

/** The tile whose blocks are through first. Filter gradients are cut into as many parts as fill the device. */
function chooseTile(shape: Shape): Tile {
  const time = (t: Tile) => {
    const tiles = tilesIn(shape, t);
    const each =
      shape.kind === "conv2dFilterGrad" ? tiles : Math.max(up(tiles, PROCESSORS), BUSY_BLOCKS);
    return (each * t.rows * t.columns) / t.speed;
  };
  return tilesOf(shape).reduce((best, t) => (time(t) < time(best) ? t : best));
}

/** Into how many parts the sum over pixels is best cut, so that all processors have work. */
export function filterGradSplits(shape: Omit<Shape, "kind">): number {
  const whole: Shape = { ...shape, kind: "conv2dFilterGrad" };
  const { oh, ow } = shape.window;
  const pixels = Math.max(...shape.jobs.map((job) => job.images)) * oh * ow;
  const wanted = Math.round((PROCESSORS * BUSY_BLOCKS) / tilesIn(whole, chooseTile(whole)));
  return Math.max(1, Math.min(wanted, Math.floor(pixels / LEAST_PIXELS)));
}

function checkLimits(shape: Shape, { rows }: Tile): void {
  const { kind, window } = shape;
  const { h, w, c, kh, kw, o, strideH, strideW, oh, ow } = window;
  checkSize("elements of filters", kh * kw * c * o, MOST_ELEMENTS);
  // The images that a tile's rows can lie on; it may begin on the last pixel of one.
  const images = (pixels: number) => Math.floor((rows - 1) / pixels) + 2;
  const counted: Record<Kind, number> = {
    conv2d: images(oh * ow) * h * w * c,
    conv2dInputGrad: images(Math.floor(h / strideH) * Math.floor(w / strideW) || 1) * oh * ow * o,
    conv2dFilterGrad: h * w * c,
  };
  checkSize("elements of the images under one tile", counted[kind], MOST_ELEMENTS);
  checkSize("pixels of an image", Math.max(h * w, oh * ow), MOST_ELEMENTS);
}

const geometryArguments = (w: Window2d): number[] => [
  ...[w.h, w.w, w.c, w.kh, w.kw, w.o],
  ...[w.strideH, w.strideW, w.padTop, w.padLeft, w.oh, w.ow],
];

const termArguments = <R>(term: ConvTerm<R> | undefined): (R | number)[] =>
  term ? [term.a.ref, term.a.laneStride, term.b.ref, term.b.laneStride] : [NOWHERE, 0, NOWHERE, 0];

/** Parts are written: what adds them up may add to what is there. */
const jobArguments = <R>(job: ConvJob<R> | undefined, splits: number): (R | number)[] =>
  job
    ? [
        ...[job.images, job.lanes, job.terms.length],
        ...[Number(job.accumulate && splits === 1), job.splitStride],
        ...termArguments(job.terms[0]),
        ...termArguments(job.terms[1]),
        ...[job.out.ref, job.out.laneStride],
      ]
    : [0, 0, 0, 0, 0, ...termArguments<R>(undefined), ...termArguments<R>(undefined), NOWHERE, 0];

/**
 * The launch of a group. The grid is empty where there is nothing to write: leave such a launch out.
 *
 * @throws GLOCAL_BAD_SHAPE for images or filters of more elements than the kernels can count
 */
export function convLaunch<R>(step: ConvGroupStep<R>, tf32: boolean): FixedLaunch<R> {
  const { kind, dtype, window, splits } = step;
  const chosen = chooseTile(step);
  checkLimits(step, chosen);
  const precision = dtype === "float64" ? "f64" : tf32 ? "tf32" : "f32";
  const width = readsQuads(kind, window) ? "" : "_any";
  // Blocks start in their order: those with the longer sums first, so that none of them comes late.
  const [first, second] = [...step.jobs].sort((x, y) => y.terms.length - x.terms.length);
  return {
    name: `${KERNELS[kind]}_${precision}_${chosen.rows}x${chosen.columns}${width}`,
    grid: line(tilesIn(step, chosen) * splits),
    block: [THREADS, 1, 1],
    args: [
      ...geometryArguments(window),
      ...jobArguments(first, splits),
      ...jobArguments(second, splits),
      ...(kind === "conv2dFilterGrad" ? [splits] : []),
    ],
  };
}
