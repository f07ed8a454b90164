/** The geometry of sliding windows, shared by convolution and pooling. */
import { GlocalError } from "../errors.js";
import type { Type } from "../ir/types.js";
import { typeError } from "./define.js";

type Pair = readonly [number, number];

export interface Geometry {
  readonly stride: Pair;
  /** [[top, bottom], [left, right]] */
  readonly padding: readonly [Pair, Pair];
}

/** How a window moves: a number stands for both axes. */
export interface WindowOptions {
  readonly stride?: number | Pair;
  /**
   * Zeros around the image: a number for all sides, [[top, bottom], [left, right]],
   * or "same", which keeps ⌈size / stride⌉ for odd kernels with stride 1 by (k − 1) / 2 on each side.
   */
  readonly padding?: number | readonly [Pair, Pair] | "same";
}

export function resolveGeometry(
  name: string,
  { stride, padding = 0 }: WindowOptions,
  kernel: Pair,
  defaultStride: Pair,
): Geometry {
  const strides: Pair = typeof stride === "number" ? [stride, stride] : (stride ?? defaultStride);
  const same = (k: number): Pair => [Math.floor((k - 1) / 2), Math.ceil((k - 1) / 2)];
  let sides: readonly [Pair, Pair];
  if (padding === "same") sides = [same(kernel[0]), same(kernel[1])];
  else if (typeof padding === "number")
    sides = [
      [padding, padding],
      [padding, padding],
    ];
  else sides = padding;
  const whole = (v: number, least: number) => Number.isInteger(v) && v >= least;
  if (!strides.every((s) => whole(s, 1)) || !sides.flat().every((p) => whole(p, 0)))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `whole strides ≥ 1 and paddings ≥ 0 for ${name}`,
      received: `stride ${JSON.stringify(strides)} and padding ${JSON.stringify(sides)}`,
    });
  return { stride: strides, padding: sides };
}

/** Height and width of what a window produces. */
export function outputSize(
  name: string,
  types: readonly Type[],
  size: Pair,
  kernel: Pair,
  { stride, padding }: Geometry,
): [number, number] {
  const along = (d: 0 | 1) =>
    Math.floor((size[d] + padding[d][0] + padding[d][1] - kernel[d]) / stride[d]) + 1;
  const result: [number, number] = [along(0), along(1)];
  if (result.some((v) => v < 1))
    throw typeError(
      "GLOCAL_BAD_SHAPE",
      name,
      "an input at least as large as the window",
      types,
      `with window ${kernel.join("×")} and padding ${JSON.stringify(padding)}`,
    );
  return result;
}
