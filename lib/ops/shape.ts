/** Primitives that move elements without computing: all linear, each the transpose of another. */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { rowMajor, type Shape, sameShape, sizeOf, type Type } from "../ir/types.js";
import { full } from "./constant.js";
import { definePrimitive, linear, type PrimitiveFunction, typeError } from "./define.js";

interface ReshapeAttrs extends Attrs {
  readonly shape: Shape;
}

export const reshapePrimitive: PrimitiveFunction<ReshapeAttrs> = definePrimitive<ReshapeAttrs>({
  name: "reshape",
  type: ([x], { shape }) => {
    const { dtype, shape: from } = x as Type;
    if (sizeOf(shape) !== sizeOf(from) || shape.some((d) => !Number.isInteger(d) || d < 0))
      throw typeError(
        "GLOCAL_BAD_SHAPE",
        "reshape",
        `${sizeOf(shape)} elements`,
        [x as Type],
        `for shape [${shape.join(",")}]`,
      );
    return { dtype, shape };
  },
  ...linear<ReshapeAttrs>({
    apply: (t, { attrs }) => reshape(t, attrs.shape),
    transpose: (g, { inputs }) => reshape(g, (inputs[0] as Tensor).shape),
  }),
  reference: ([x]) => (x as ReferenceArray).data,
});

/** The same elements in row-major order under another shape; one axis may be −1 and is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const to = shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  return sameShape(to, x.shape) ? x : reshapePrimitive([x], { shape: to });
}

interface TransposeAttrs extends Attrs {
  readonly perm: readonly number[];
}

export const transposePrimitive: PrimitiveFunction<TransposeAttrs> =
  definePrimitive<TransposeAttrs>({
    name: "transpose",
    type: ([x], { perm }) => {
      const { dtype, shape } = x as Type;
      const sorted = [...perm].sort((a, b) => a - b);
      if (perm.length !== shape.length || sorted.some((p, i) => p !== i))
        throw typeError(
          "GLOCAL_BAD_SHAPE",
          "transpose",
          `rank ${perm.length} and a permutation of its axes`,
          [x as Type],
          `with [${perm.join(",")}]`,
        );
      return { dtype, shape: perm.map((p) => shape[p] as number) };
    },
    ...linear<TransposeAttrs>({
      apply: (t, { attrs }) => transpose(t, attrs.perm),
      transpose: (g, { attrs }) => {
        const inverse = new Array<number>(attrs.perm.length);
        attrs.perm.forEach((p, i) => {
          inverse[p] = i;
        });
        return transpose(g, inverse);
      },
    }),
    reference: ([x], { perm }, output) => {
      const { data, shape } = x as ReferenceArray;
      const strides = rowMajor(shape);
      return gatherStrided(
        data,
        output.shape,
        perm.map((p) => strides[p] as number),
        0,
      );
    },
  });

/** Axis i of the result is axis `perm[i]` of `x`; by default the axes are reversed. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const order = perm ?? x.shape.map((_, i) => x.shape.length - 1 - i);
  return order.every((p, i) => p === i) && order.length === x.shape.length
    ? x
    : transposePrimitive([x], { perm: [...order] });
}

function gatherStrided(
  data: Float64Array,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Float64Array {
  const out = new Float64Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[at] as number;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += strides[d] as number;
      index[d] = (index[d] as number) + 1;
      if ((index[d] as number) < (shape[d] as number)) break;
      at -= (strides[d] as number) * (shape[d] as number);
      index[d] = 0;
    }
  }
  return out;
}

interface SliceAttrs extends Attrs {
  readonly start: readonly number[];
  readonly limit: readonly number[];
  readonly step: readonly number[];
}

const sliceLength = (start: number, limit: number, step: number) =>
  Math.max(0, Math.ceil((limit - start) / step));

export const slicePrimitive: PrimitiveFunction<SliceAttrs> = definePrimitive<SliceAttrs>({
  name: "slice",
  type: ([x], { start, limit, step }) => {
    const { dtype, shape } = x as Type;
    const fits =
      [start, limit, step].every((list) => list.length === shape.length) &&
      shape.every((d, i) => {
        const [a, b, s] = [start[i], limit[i], step[i]] as [number, number, number];
        return [a, b, s].every(Number.isInteger) && 0 <= a && a <= b && b <= d && s >= 1;
      });
    if (!fits)
      throw typeError(
        "GLOCAL_BAD_SHAPE",
        "slice",
        "0 ≤ start ≤ limit ≤ size and step ≥ 1 on every axis",
        [x as Type],
        `with start [${start}], limit [${limit}], step [${step}]`,
      );
    return {
      dtype,
      shape: shape.map((_, i) =>
        sliceLength(start[i] as number, limit[i] as number, step[i] as number),
      ),
    };
  },
  ...linear<SliceAttrs>({
    apply: (t, { attrs }) => slicePrimitive([t], attrs),
    transpose: (g, { attrs, inputs }) => {
      const { start, step } = attrs;
      const size = (inputs[0] as Tensor).shape;
      const high = size.map((d, i) => {
        const n = g.shape[i] as number;
        const used = n === 0 ? 0 : (n - 1) * (step[i] as number) + 1;
        return d - (start[i] as number) - used;
      });
      return pad(g, { low: start, high, interior: step.map((s) => s - 1) });
    },
  }),
  reference: ([x], { start, step }, output) => {
    const { data, shape } = x as ReferenceArray;
    const strides = rowMajor(shape);
    const offset = strides.reduce((sum, s, i) => sum + s * (start[i] as number), 0);
    return gatherStrided(
      data,
      output.shape,
      strides.map((s, i) => s * (step[i] as number)),
      offset,
    );
  },
});

/** `x[start:limit:step]` on every axis. Defaults: the whole axis, step 1. */
export function slice(
  x: Tensor,
  range: { start?: readonly number[]; limit?: readonly number[]; step?: readonly number[] },
): Tensor {
  return slicePrimitive([x], {
    start: range.start ?? x.shape.map(() => 0),
    limit: range.limit ?? x.shape,
    step: range.step ?? x.shape.map(() => 1),
  });
}

interface PadAttrs extends Attrs {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
}

export const padPrimitive: PrimitiveFunction<PadAttrs> = definePrimitive<PadAttrs>({
  name: "pad",
  type: ([x], { low, high, interior }) => {
    const { dtype, shape } = x as Type;
    const lists = [low, high, interior];
    if (
      lists.some((l) => l.length !== shape.length || l.some((v) => !Number.isInteger(v) || v < 0))
    )
      throw typeError(
        "GLOCAL_BAD_SHAPE",
        "pad",
        "a count ≥ 0 for every axis",
        [x as Type],
        `with low [${low}], high [${high}], interior [${interior}]`,
      );
    return {
      dtype,
      shape: shape.map(
        (d, i) =>
          (low[i] as number) +
          (d === 0 ? 0 : (d - 1) * ((interior[i] as number) + 1) + 1) +
          (high[i] as number),
      ),
    };
  },
  ...linear<PadAttrs>({
    apply: (t, { attrs }) => padPrimitive([t], attrs),
    transpose: (g, { attrs }) =>
      slice(g, {
        start: attrs.low,
        limit: g.shape.map((d, i) => d - (attrs.high[i] as number)),
        step: attrs.interior.map((v) => v + 1),
      }),
  }),
  reference: ([x], { low, interior }, output) => {
    const { data, shape } = x as ReferenceArray;
    const out = new Float64Array(sizeOf(output.shape));
    const strides = rowMajor(output.shape);
    const from = rowMajor(shape);
    for (let i = 0; i < data.length; i++) {
      let at = 0;
      for (let d = 0; d < shape.length; d++) {
        const index = Math.floor(i / (from[d] as number)) % (shape[d] as number);
        at += (strides[d] as number) * ((low[d] as number) + index * ((interior[d] as number) + 1));
      }
      out[at] = data[i] as number;
    }
    return out;
  },
});

/** Surrounds `x` with zeros; `interior` zeros go between neighbours. Each defaults to 0 on every axis. */
export function pad(
  x: Tensor,
  counts: { low?: readonly number[]; high?: readonly number[]; interior?: readonly number[] },
): Tensor {
  const none = x.shape.map(() => 0);
  const { low = none, high = none, interior = none } = counts;
  return [...low, ...high, ...interior].every((v) => v === 0)
    ? x
    : padPrimitive([x], { low, high, interior });
}

interface ConcatAttrs extends Attrs {
  readonly axis: number;
}

export const concatPrimitive: PrimitiveFunction<ConcatAttrs> = definePrimitive<ConcatAttrs>({
  name: "concat",
  type: (types, { axis }) => {
    const [first] = types as [Type];
    const fits =
      types.length > 0 &&
      axis >= 0 &&
      axis < first.shape.length &&
      types.every(
        (t) =>
          t.dtype === first.dtype &&
          t.shape.length === first.shape.length &&
          t.shape.every((d, i) => i === axis || d === first.shape[i]),
      );
    if (!fits)
      throw typeError(
        "GLOCAL_BAD_SHAPE",
        "concat",
        `equal dtypes, and shapes that differ only on axis ${axis}`,
        types,
      );
    const total = types.reduce((n, t) => n + (t.shape[axis] as number), 0);
    return { dtype: first.dtype, shape: first.shape.map((d, i) => (i === axis ? total : d)) };
  },
  jvp: ({ inputs, tangents, attrs }) =>
    tangents.every((t) => t === null)
      ? null
      : concatPrimitive(
          tangents.map((t, i) => {
            const { shape, dtype } = inputs[i] as Tensor;
            return t ?? full(shape, 0, dtype);
          }),
          attrs,
        ),
  vjp: ({ inputs, cotangent, attrs, operand }) => {
    const before = inputs
      .slice(0, operand)
      .reduce((n, x) => n + (x.shape[attrs.axis] as number), 0);
    const own = (inputs[operand] as Tensor).shape[attrs.axis] as number;
    return slice(cotangent, {
      start: cotangent.shape.map((_, i) => (i === attrs.axis ? before : 0)),
      limit: cotangent.shape.map((d, i) => (i === attrs.axis ? before + own : d)),
    });
  },
  reference: (inputs, { axis }, output) => {
    const out = new Float64Array(sizeOf(output.shape));
    const outer = sizeOf(output.shape.slice(0, axis));
    const inner = sizeOf(output.shape.slice(axis + 1));
    const row = (output.shape[axis] as number) * inner;
    let offset = 0;
    for (const { data, shape } of inputs) {
      const width = (shape[axis] as number) * inner;
      for (let o = 0; o < outer; o++)
        out.set(data.subarray(o * width, (o + 1) * width), o * row + offset);
      offset += width;
    }
    return out;
  },
});

/** Joins arrays along an axis (default 0). */
export function concat(xs: readonly Tensor[], axis = 0): Tensor {
  return xs.length === 1 ? (xs[0] as Tensor) : concatPrimitive(xs, { axis });
}
