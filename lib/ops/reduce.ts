/** Reductions other than the sum, which stands with broadcasting, its transpose. */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { type Shape, sizeOf, type Type } from "../ir/types.js";
import { checkAxes, type ReduceOptions, reducedAxes, restoreDims, sum } from "./broadcast.js";
import { cast, iota } from "./constant.js";
import {
  definePrimitive,
  displaces,
  noDerivative,
  type PrimitiveFunction,
  typeError,
} from "./define.js";
import { div, eq, mul, neg } from "./elementwise.js";
import { reshape, transpose } from "./shape.js";

interface AxisAttrs extends Attrs {
  readonly axis: number;
}

/** Sizes before, on and after an axis. */
function aroundAxis(shape: Shape, axis: number): [outer: number, size: number, inner: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis] as number, sizeOf(shape.slice(axis + 1))];
}

function checkNonEmpty(name: string, x: Type, axis: number): Type {
  checkAxes(name, x, [axis]);
  if (x.shape[axis] === 0)
    throw typeError("GLOCAL_BAD_SHAPE", name, "a reduced axis that is not empty", [x]);
  return x;
}

const withoutAxis = (shape: Shape, axis: number) => shape.filter((_, i) => i !== axis);

function firstMaximum({ data, shape }: ReferenceArray, axis: number): number[] {
  const [outer, size, inner] = aroundAxis(shape, axis);
  const out: number[] = [];
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let best = 0;
      const at = (k: number) => data[(o * size + k) * inner + i] as number;
      for (let k = 1; k < size; k++) if (displaces(at(k), at(best))) best = k;
      out.push(best);
    }
  return out;
}

export const argmaxPrimitive: PrimitiveFunction<AxisAttrs> = definePrimitive<AxisAttrs>({
  name: "argmax",
  type: ([x], { axis }) => ({
    dtype: "int32",
    shape: withoutAxis(checkNonEmpty("argmax", x as Type, axis).shape, axis),
  }),
  ...noDerivative,
  reference: ([x], { axis }) => firstMaximum(x as ReferenceArray, axis),
});

/** Index of the first maximum along an axis (default the last), as int32. */
export function argmax(x: Tensor, axis = -1): Tensor {
  return argmaxPrimitive([x], { axis: axis < 0 ? axis + x.shape.length : axis });
}

export const reduceMaxPrimitive: PrimitiveFunction<AxisAttrs> = definePrimitive<AxisAttrs>({
  name: "reduceMax",
  type: ([x], { axis }) => ({
    dtype: (x as Type).dtype,
    shape: withoutAxis(checkNonEmpty("max", x as Type, axis).shape, axis),
  }),
  jvp: ({ inputs, tangents: [t], attrs: { axis } }) =>
    t ? sum(mul(t, firstMaximumMask(inputs[0] as Tensor, axis)), { axes: [axis] }) : null,
  vjp: ({ inputs, cotangent, attrs: { axis } }) => {
    const x = inputs[0] as Tensor;
    const kept = x.shape.map((d, i) => (i === axis ? 1 : d));
    return mul(reshape(cotangent, kept), firstMaximumMask(x, axis));
  },
  reference: ([x], { axis }) => {
    const { data, shape } = x as ReferenceArray;
    const [, size, inner] = aroundAxis(shape, axis);
    return firstMaximum({ data, shape }, axis).map((k, j) => {
      const [o, i] = [Math.floor(j / inner), j % inner];
      return data[(o * size + k) * inner + i] as number;
    });
  },
});

/** 1 at the first maximum along the axis, 0 elsewhere, in the dtype of `x`. */
function firstMaximumMask(x: Tensor, axis: number): Tensor {
  return oneHot(argmax(x, axis), x.shape[axis] as number, x.dtype, axis);
}

/** A new axis (default the last) that is 1 at `index` and 0 elsewhere; all 0 where the index is outside [0, depth). Default dtype float32. */
export function oneHot(
  index: Tensor,
  depth: number,
  dtype: Tensor["dtype"] = "float32",
  axis = index.shape.length,
): Tensor {
  const column = reshape(index, [...index.shape.slice(0, axis), 1, ...index.shape.slice(axis)]);
  const classes = reshape(iota(depth), [depth, ...index.shape.slice(axis).map(() => 1)]);
  return cast(eq(column, classes), dtype);
}

/** Maximum over axes; its derivative goes to the first maximum. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = reducedAxes(x, options);
  checkAxes("max", x.type, axes);
  if (axes.length === 0) return x;
  const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const flat = reshape(transpose(x, [...kept, ...axes]), [
    ...kept.map((i) => x.shape[i] as number),
    sizeOf(axes.map((i) => x.shape[i] as number)),
  ]);
  return restoreDims(x, reduceMaxPrimitive([flat], { axis: kept.length }), options);
}

/** Minimum over axes; its derivative goes to the first minimum. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  return neg(max(neg(x), options));
}

/** Mean over axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const count = sizeOf(reducedAxes(x, options).map((i) => x.shape[i] as number));
  return div(sum(x, options), count);
}
