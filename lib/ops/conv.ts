/**
 * Two-dimensional convolution and its two gradients: three bilinear primitives
 * that are each other's transposes, so every derivative of any order stays
 * among them. Layout NHWC, kernels HWIO (kh, kw, in, out), zero padding,
 * cross-correlation (the kernel is not flipped).
 */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { isFloat, sizeOf, type Type } from "../ir/types.js";
import { bilinear, definePrimitive, type PrimitiveFunction, typeError } from "./define.js";
import { add } from "./elementwise.js";
import { type Geometry, outputSize, resolveGeometry, type WindowOptions } from "./window.js";

export interface ConvAttrs extends Attrs, Geometry {}

export interface ConvInputGradAttrs extends ConvAttrs {
  /** Height and width of the input. */
  readonly size: readonly [number, number];
}

export interface ConvFilterGradAttrs extends ConvAttrs {
  /** Height and width of the kernel. */
  readonly kernel: readonly [number, number];
}

type Four = readonly [number, number, number, number];

function check(name: string, types: readonly Type[], expected: string, fits: boolean): void {
  const [x, y] = types as [Type, Type];
  if (x.dtype !== y.dtype || !isFloat(x.dtype))
    throw typeError("GLOCAL_BAD_DTYPE", name, "one floating dtype", types);
  if (x.shape.length !== 4 || y.shape.length !== 4 || !fits)
    throw typeError("GLOCAL_BAD_SHAPE", name, expected, types);
}

/** Calls `visit` with flat offsets of every (x, w, y) triple that the convolution multiplies. */
function eachTerm(
  x: Four,
  w: Four,
  y: Four,
  { stride, padding }: Geometry,
  visit: (xAt: number, wAt: number, yAt: number) => void,
): void {
  const [n, h, width, c] = x;
  const [kh, kw, , o] = w;
  const [, oh, ow] = y;
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let p = 0; p < kh; p++)
          for (let q = 0; q < kw; q++) {
            const r = i * stride[0] + p - padding[0][0];
            const s = j * stride[1] + q - padding[1][0];
            if (r < 0 || r >= h || s < 0 || s >= width) continue;
            for (let k = 0; k < c; k++)
              for (let f = 0; f < o; f++)
                visit(
                  ((b * h + r) * width + s) * c + k,
                  ((p * kw + q) * c + k) * o + f,
                  ((b * oh + i) * ow + j) * o + f,
                );
          }
}

export const conv2dPrimitive: PrimitiveFunction<ConvAttrs> = definePrimitive<ConvAttrs>({
  name: "conv2d",
  type: (types, geometry) => {
    const [x, w] = types as [Type, Type];
    check("conv2d", types, "input [n,h,w,c] and kernel [kh,kw,c,o]", x.shape[3] === w.shape[2]);
    const [n, h, width] = x.shape as Four;
    const [kh, kw, , o] = w.shape as Four;
    const [oh, ow] = outputSize("conv2d", types, [h, width], [kh, kw], geometry);
    return { dtype: x.dtype, shape: [n, oh, ow, o] };
  },
  ...bilinear<ConvAttrs>({
    apply: (x, w, attrs) => conv2dPrimitive([x, w], attrs),
    transpose: [
      (g, { inputs: [x, w], attrs }) =>
        conv2dInputGradPrimitive([g, w as Tensor], {
          ...attrs,
          size: [(x as Tensor).shape[1] as number, (x as Tensor).shape[2] as number],
        }),
      (g, { inputs: [x, w], attrs }) =>
        conv2dFilterGradPrimitive([x as Tensor, g], {
          ...attrs,
          kernel: [(w as Tensor).shape[0] as number, (w as Tensor).shape[1] as number],
        }),
    ],
    add: (x, y) => add(x, y),
  }),
  reference: ([x, w], geometry, output) => {
    const [a, b] = [x, w] as [ReferenceArray, ReferenceArray];
    const out = new Float64Array(sizeOf(output.shape));
    eachTerm(a.shape as Four, b.shape as Four, output.shape as Four, geometry, (i, j, k) => {
      out[k] = (out[k] as number) + (a.data[i] as number) * (b.data[j] as number);
    });
    return out;
  },
});

const plain = ({ stride, padding }: Geometry): ConvAttrs => ({ stride, padding });

/** ȳ, w → x̄ */
export const conv2dInputGradPrimitive: PrimitiveFunction<ConvInputGradAttrs> =
  definePrimitive<ConvInputGradAttrs>({
    name: "conv2dInputGrad",
    type: (types, { size, ...geometry }) => {
      const [g, w] = types as [Type, Type];
      const expected = `an output gradient [n,oh,ow,o] of input size ${size.join("×")} and kernel [kh,kw,c,o]`;
      check("conv2dInputGrad", types, expected, g.shape[3] === w.shape[3]);
      const [kh, kw, c] = w.shape as Four;
      const [oh, ow] = outputSize("conv2dInputGrad", types, size, [kh, kw], geometry);
      check("conv2dInputGrad", types, expected, g.shape[1] === oh && g.shape[2] === ow);
      return { dtype: g.dtype, shape: [g.shape[0] as number, ...size, c] };
    },
    ...bilinear<ConvInputGradAttrs>({
      apply: (g, w, attrs) => conv2dInputGradPrimitive([g, w], attrs),
      transpose: [
        (c, { inputs: [, w], attrs }) => conv2dPrimitive([c, w as Tensor], plain(attrs)),
        (c, { inputs: [g, w], attrs }) =>
          conv2dFilterGradPrimitive([c, g as Tensor], {
            ...plain(attrs),
            kernel: [(w as Tensor).shape[0] as number, (w as Tensor).shape[1] as number],
          }),
      ],
      add: (x, y) => add(x, y),
    }),
    reference: ([g, w], geometry, output) => {
      const [a, b] = [g, w] as [ReferenceArray, ReferenceArray];
      const out = new Float64Array(sizeOf(output.shape));
      eachTerm(output.shape as Four, b.shape as Four, a.shape as Four, geometry, (i, j, k) => {
        out[i] = (out[i] as number) + (b.data[j] as number) * (a.data[k] as number);
      });
      return out;
    },
  });

/** x, ȳ → w̄ */
export const conv2dFilterGradPrimitive: PrimitiveFunction<ConvFilterGradAttrs> =
  definePrimitive<ConvFilterGradAttrs>({
    name: "conv2dFilterGrad",
    type: (types, { kernel, ...geometry }) => {
      const [x, g] = types as [Type, Type];
      const expected = `an input [n,h,w,c] and the output gradient [n,oh,ow,o] of a ${kernel.join("×")} kernel`;
      check("conv2dFilterGrad", types, expected, x.shape[0] === g.shape[0]);
      const [, h, width, c] = x.shape as Four;
      const [oh, ow] = outputSize("conv2dFilterGrad", types, [h, width], kernel, geometry);
      check("conv2dFilterGrad", types, expected, g.shape[1] === oh && g.shape[2] === ow);
      return { dtype: x.dtype, shape: [...kernel, c, g.shape[3] as number] };
    },
    ...bilinear<ConvFilterGradAttrs>({
      apply: (x, g, attrs) => conv2dFilterGradPrimitive([x, g], attrs),
      transpose: [
        (c, { inputs: [x, g], attrs }) =>
          conv2dInputGradPrimitive([g as Tensor, c], {
            ...plain(attrs),
            size: [(x as Tensor).shape[1] as number, (x as Tensor).shape[2] as number],
          }),
        (c, { inputs: [x], attrs }) => conv2dPrimitive([x as Tensor, c], plain(attrs)),
      ],
      add: (x, y) => add(x, y),
    }),
    reference: ([x, g], geometry, output) => {
      const [a, b] = [x, g] as [ReferenceArray, ReferenceArray];
      const out = new Float64Array(sizeOf(output.shape));
      eachTerm(a.shape as Four, output.shape as Four, b.shape as Four, geometry, (i, j, k) => {
        out[j] = (out[j] as number) + (a.data[i] as number) * (b.data[k] as number);
      });
      return out;
    },
  });

/**
 * Convolution of `x` [n, h, w, c] with `kernel` [kh, kw, c, o].
 * Defaults: stride 1, no padding.
 *
 * @throws GLOCAL_BAD_SHAPE when ranks or channels do not fit, or the kernel is larger than the padded input
 */
export function conv2d(x: Tensor, kernel: Tensor, options: WindowOptions = {}): Tensor {
  const size = kernel.shape.slice(0, 2) as unknown as [number, number];
  return conv2dPrimitive([x, kernel], resolveGeometry("conv2d", options, size, [1, 1]));
}
