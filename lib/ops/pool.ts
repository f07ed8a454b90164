/**
 * Pooling. Average pooling is linear and has its transpose beside it; max
 * pooling has a tangent and a gradient that both follow the first maximum of
 * each window, and are each other's transposes.
 */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { isFloat, type Shape, sameShape, sizeOf, type Type } from "../ir/types.js";
import { definePrimitive, displaces, linear, type PrimitiveFunction, typeError } from "./define.js";
import { type Geometry, outputSize, resolveGeometry, type WindowOptions } from "./window.js";

export interface PoolAttrs extends Attrs, Geometry {
  readonly window: readonly [number, number];
}

export interface PoolGradAttrs extends PoolAttrs {
  /** Height and width of the pooled input. */
  readonly size: readonly [number, number];
}

type Four = readonly [number, number, number, number];

function pooledType(
  name: string,
  x: Type,
  attrs: PoolAttrs,
): { dtype: Type["dtype"]; shape: Shape } {
  if (x.shape.length !== 4 || !isFloat(x.dtype))
    throw typeError("GLOCAL_BAD_SHAPE", name, "a floating input [n,h,w,c]", [x]);
  const [n, h, w, c] = x.shape as Four;
  const [oh, ow] = outputSize(name, [x], [h, w], attrs.window, attrs);
  return { dtype: x.dtype, shape: [n, oh, ow, c] };
}

/** Calls `visit` with the flat input offsets of each window (padding left out) and its output offset. */
function eachWindow(
  x: Four,
  y: Four,
  { window, stride, padding }: PoolAttrs,
  visit: (inputs: number[], yAt: number) => void,
): void {
  const [n, h, w, c] = x;
  const [, oh, ow] = y;
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let k = 0; k < c; k++) {
          const inputs: number[] = [];
          for (let p = 0; p < window[0]; p++)
            for (let q = 0; q < window[1]; q++) {
              const r = i * stride[0] + p - padding[0][0];
              const s = j * stride[1] + q - padding[1][0];
              if (r >= 0 && r < h && s >= 0 && s < w) inputs.push(((b * h + r) * w + s) * c + k);
            }
          visit(inputs, ((b * oh + i) * ow + j) * c + k);
        }
}

const firstMaximum = (at: number[], data: Float64Array) =>
  at.reduce((best, i) => (displaces(data[i] as number, data[best] as number) ? i : best));

export const avgPoolPrimitive: PrimitiveFunction<PoolAttrs> = definePrimitive<PoolAttrs>({
  name: "avgPool",
  type: ([x], attrs) => pooledType("avgPool", x as Type, attrs),
  ...linear<PoolAttrs>({
    apply: (t, { attrs }) => avgPoolPrimitive([t], attrs),
    transpose: (g, { attrs, inputs: [x] }) =>
      avgPoolGradPrimitive([g], {
        ...attrs,
        size: [(x as Tensor).shape[1] as number, (x as Tensor).shape[2] as number],
      }),
  }),
  reference: ([x], attrs, output) => {
    const { data, shape } = x as ReferenceArray;
    const out = new Float64Array(sizeOf(output.shape));
    const area = attrs.window[0] * attrs.window[1];
    eachWindow(shape as Four, output.shape as Four, attrs, (inputs, at) => {
      out[at] = inputs.reduce((total, i) => total + (data[i] as number), 0) / area;
    });
    return out;
  },
});

export const avgPoolGradPrimitive: PrimitiveFunction<PoolGradAttrs> =
  definePrimitive<PoolGradAttrs>({
    name: "avgPoolGrad",
    type: ([g], { size, ...attrs }) => {
      const { shape, dtype } = g as Type;
      const input: Type = {
        dtype,
        shape: [shape[0] as number, ...size, shape[3] as number],
        laned: false,
      };
      if (!sameShape(pooledType("avgPoolGrad", input, attrs as PoolAttrs).shape, shape))
        throw typeError(
          "GLOCAL_BAD_SHAPE",
          "avgPoolGrad",
          `the gradient of pooling ${size.join("×")}`,
          [g as Type],
        );
      return input;
    },
    ...linear<PoolGradAttrs>({
      apply: (t, { attrs }) => avgPoolGradPrimitive([t], attrs),
      transpose: (g, { attrs: { size: _, ...attrs } }) => avgPoolPrimitive([g], attrs as PoolAttrs),
    }),
    reference: ([g], attrs, output) => {
      const { data, shape } = g as ReferenceArray;
      const out = new Float64Array(sizeOf(output.shape));
      const area = attrs.window[0] * attrs.window[1];
      eachWindow(output.shape as Four, shape as Four, attrs, (inputs, at) => {
        for (const i of inputs) out[i] = (out[i] as number) + (data[at] as number) / area;
      });
      return out;
    },
  });

export const maxPoolPrimitive: PrimitiveFunction<PoolAttrs> = definePrimitive<PoolAttrs>({
  name: "maxPool",
  type: ([x], attrs) => pooledType("maxPool", x as Type, attrs),
  ...linear<PoolAttrs>({
    apply: (t, { attrs, inputs }) => maxPoolTangentPrimitive([t, inputs[0] as Tensor], attrs),
    transpose: (g, { attrs, inputs }) => maxPoolGradPrimitive([g, inputs[0] as Tensor], attrs),
  }),
  reference: ([x], attrs, output) => {
    const { data, shape } = x as ReferenceArray;
    const out = new Float64Array(sizeOf(output.shape));
    eachWindow(shape as Four, output.shape as Four, attrs, (inputs, at) => {
      out[at] = data[firstMaximum(inputs, data)] as number;
    });
    return out;
  },
});

/** ẋ, x → ẏ: the tangent at the first maximum of each window of x. */
export const maxPoolTangentPrimitive: PrimitiveFunction<PoolAttrs> = definePrimitive<PoolAttrs>({
  name: "maxPoolTangent",
  type: (types, attrs) => {
    const [t, x] = types as [Type, Type];
    if (!sameShape(t.shape, x.shape) || t.dtype !== x.dtype)
      throw typeError("GLOCAL_BAD_SHAPE", "maxPoolTangent", "a tangent like its input", types);
    return pooledType("maxPoolTangent", x, attrs);
  },
  ...linear<PoolAttrs>({
    apply: (t, { attrs, inputs }) => maxPoolTangentPrimitive([t, inputs[1] as Tensor], attrs),
    transpose: (g, { attrs, inputs }) => maxPoolGradPrimitive([g, inputs[1] as Tensor], attrs),
  }),
  reference: ([t, x], attrs, output) => {
    const [tangent, { data, shape }] = [t, x] as [ReferenceArray, ReferenceArray];
    const out = new Float64Array(sizeOf(output.shape));
    eachWindow(shape as Four, output.shape as Four, attrs, (inputs, at) => {
      out[at] = tangent.data[firstMaximum(inputs, data)] as number;
    });
    return out;
  },
});

/** ȳ, x → x̄: the gradient goes to the first maximum of each window of x. */
export const maxPoolGradPrimitive: PrimitiveFunction<PoolAttrs> = definePrimitive<PoolAttrs>({
  name: "maxPoolGrad",
  type: (types, attrs) => {
    const [g, x] = types as [Type, Type];
    const { shape, dtype } = pooledType("maxPoolGrad", x, attrs);
    if (!sameShape(g.shape, shape) || g.dtype !== dtype)
      throw typeError(
        "GLOCAL_BAD_SHAPE",
        "maxPoolGrad",
        "a gradient like the pooled output",
        types,
      );
    return { dtype, shape: x.shape };
  },
  ...linear<PoolAttrs>({
    apply: (t, { attrs, inputs }) => maxPoolGradPrimitive([t, inputs[1] as Tensor], attrs),
    transpose: (g, { attrs, inputs }) => maxPoolTangentPrimitive([g, inputs[1] as Tensor], attrs),
  }),
  reference: ([g, x], attrs, output) => {
    const [grad, { data, shape }] = [g, x] as [ReferenceArray, ReferenceArray];
    const out = new Float64Array(sizeOf(output.shape));
    eachWindow(shape as Four, grad.shape as Four, attrs, (inputs, at) => {
      const i = firstMaximum(inputs, data);
      out[i] = (out[i] as number) + (grad.data[at] as number);
    });
    return out;
  },
});

/** A pooling window (a number is square); it moves by its own size unless `stride` says otherwise. */
export interface PoolOptions extends WindowOptions {
  readonly window?: number | readonly [number, number];
}

function poolAttrs(name: string, { window = 2, ...options }: PoolOptions): PoolAttrs {
  const size = typeof window === "number" ? ([window, window] as const) : window;
  return { window: size, ...resolveGeometry(name, options, size, size) };
}

/** Mean of each window of `x` [n, h, w, c]; padding counts as zeros. Default window 2×2. */
export function avgPool(x: Tensor, options: PoolOptions = {}): Tensor {
  return avgPoolPrimitive([x], poolAttrs("avgPool", options));
}

/** Maximum of each window of `x` [n, h, w, c]; padding never wins. Default window 2×2. */
export function maxPool(x: Tensor, options: PoolOptions = {}): Tensor {
  return maxPoolPrimitive([x], poolAttrs("maxPool", options));
}
