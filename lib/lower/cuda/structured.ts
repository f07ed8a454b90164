/** The launches of pooling, rows by index, argmax and random numbers: fixed kernels of `native/cuda/kernels`. */
import type { DType } from "../../ir/types.js";
import type {
  ArgmaxStep,
  GatherStep,
  LanedRef,
  PoolStep,
  RandomStep,
  Ref,
  Window2d,
} from "../program.js";
import { checkSize, type FixedLaunch, line, NOWHERE } from "./fixed.js";

export type StructuredStep<R = Ref> = PoolStep<R> | GatherStep<R> | ArgmaxStep<R> | RandomStep<R>;

const THREADS = 256;
const WARP = 32;

const KINDS: Record<DType, string> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  bool: "bool",
};

const BYTES: Record<DType, number> = { float32: 4, float64: 8, int32: 4, bool: 1 };

/** Kernels number the elements of a lane in 32 bits, as argmax does those of its axis. */
const MOST_ELEMENTS = 2 ** 31 - 1;

/** Blocks with a thread for each of so many elements of each lane. */
function blocksFor(elements: number, lanes: number): number {
  checkSize("elements of one lane", elements, MOST_ELEMENTS);
  return Math.ceil(elements / THREADS) * lanes;
}

function launch<R>(name: string, blocks: number, args: readonly (R | number)[]): FixedLaunch<R> {
  return { name, grid: line(blocks), block: [THREADS, 1, 1], args };
}

const POOLS: Record<PoolStep["op"], string> = {
  avgPool: "avg_pool",
  avgPoolGrad: "avg_pool_grad",
  maxPool: "max_pool",
  maxPoolGrad: "max_pool_grad",
  maxPoolTangent: "max_pool_tangent",
};

/** Windows side by side that cover the image, as pooling mostly has them. */
function isTiled(w: Window2d): boolean {
  const apart = w.strideH === w.kh && w.strideW === w.kw;
  return apart && w.padTop === 0 && w.padLeft === 0 && w.h === w.oh * w.kh && w.w === w.ow * w.kw;
}

function pool<R>(step: PoolStep<R>): FixedLaunch<R> {
  const { op, dtype, window: w, lanes, a, b, out } = step;
  const tiled = op === "maxPoolGrad" && isTiled(w);
  const perPixel = op === "avgPoolGrad" || (op === "maxPoolGrad" && !tiled);
  checkSize("elements of one lane", w.n * w.h * w.w * w.c, MOST_ELEMENTS);
  const width = w.c % 4 === 0 ? 4 : 1;
  const threads = (w.n * (perPixel ? w.h * w.w : w.oh * w.ow) * w.c) / width;
  const operand = (x: LanedRef<R> | undefined) => (x ? [x.ref, x.laneStride] : [NOWHERE, 0]);
  return launch<R>(
    `${POOLS[op]}${tiled ? "_tiled" : ""}_${KINDS[dtype]}${width === 4 ? "_x4" : ""}`,
    blocksFor(threads, lanes),
    [
      ...[w.n, w.h, w.w, w.c, w.kh, w.kw, w.strideH, w.strideW, w.padTop, w.padLeft, w.oh, w.ow],
      ...operand(a),
      ...operand(b),
      ...operand(out),
    ],
  );
}

function rowsByIndex<R>(step: GatherStep<R>): FixedLaunch<R>[] {
  const { op, dtype, count, rows, rowSize, lanes, index, table, out } = step;
  const args = [
    ...[count, rows, rowSize, lanes],
    ...[index, table.ref, table.laneStride, out.ref, out.laneStride],
  ];
  if (op === "gather")
    return [launch(`gather_${BYTES[dtype]}`, blocksFor(count * rowSize, lanes), args)];
  // A warp for each item and 32 columns of its row.
  const warps = count * lanes * Math.ceil(rowSize / WARP);
  return [
    launch(`scatter_clear_${BYTES[dtype]}`, blocksFor(rows * rowSize, lanes), args),
    launch(`scatter_add_${KINDS[dtype]}`, Math.ceil((warps * WARP) / THREADS), args),
  ];
}

/** From this length of the axis on a warp shares it. */
const LONG_AXIS = 64;

function argmax<R>({ dtype, outer, axis, inner, x, y }: ArgmaxStep<R>): FixedLaunch<R> {
  checkSize("elements along the axis of argmax", axis, MOST_ELEMENTS);
  const long = axis >= LONG_AXIS;
  return launch<R>(
    `argmax_${long ? "long_" : ""}${KINDS[dtype]}`,
    Math.ceil((outer * inner * (long ? WARP : 1)) / THREADS),
    [outer, axis, inner, x, y],
  );
}

/** A thread makes the four numbers of one counter. */
function randomUniform<R>({ dtype, count, site, key, out }: RandomStep<R>): FixedLaunch<R> {
  const blocks = Math.ceil(Math.ceil(count / 4) / THREADS);
  return launch<R>(`random_uniform_${KINDS[dtype]}`, blocks, [count, site, key, out]);
}

function launchesOf<R>(step: StructuredStep<R>): FixedLaunch<R>[] {
  switch (step.op) {
    case "gather":
    case "scatterAdd":
      return rowsByIndex(step);
    case "argmax":
      return [argmax(step)];
    case "randomUniform":
      return [randomUniform(step)];
    default:
      return [pool(step)];
  }
}

/**
 * The launches of a structured step, one after the other. None where there is nothing to write.
 *
 * @throws GLOCAL_BAD_SHAPE for more elements than the kernels can count
 */
export function structuredLaunch<R>(step: StructuredStep<R>): FixedLaunch<R>[] {
  return launchesOf(step).filter(({ grid }) => grid[0] > 0);
}
