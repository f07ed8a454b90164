/** NumPy broadcasting and its transpose, the sum; and the operands that public functions accept. */
import { GlocalError } from "../errors.js";
import { type Attrs, type ReferenceArray, Tensor } from "../ir/graph.js";
import { type DType, rowMajor, type Shape, sameShape, sizeOf, type Type } from "../ir/types.js";
import { full } from "./constant.js";
import { definePrimitive, linear, type PrimitiveFunction, typeError } from "./define.js";
import { reshape } from "./shape.js";

/** What an elementwise function takes: a tensor, or a number that adopts the other operand's dtype. */
export type Operand = Tensor | number;

/** The shape that both broadcast to, or undefined when they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

interface BroadcastAttrs extends Attrs {
  readonly shape: Shape;
}

export const broadcastPrimitive: PrimitiveFunction<BroadcastAttrs> =
  definePrimitive<BroadcastAttrs>({
    name: "broadcast",
    type: ([x], { shape }) => {
      const { dtype, shape: from } = x as Type;
      const to = broadcastShapes(from, shape);
      if (!to || !sameShape(to, shape))
        throw typeError(
          "GLOCAL_BAD_SHAPE",
          "broadcast",
          `a shape that stretches to [${shape.join(",")}]`,
          [x as Type],
        );
      return { dtype, shape };
    },
    ...linear<BroadcastAttrs>({
      apply: (t, { attrs }) => broadcastTo(t, attrs.shape),
      transpose: (g, { inputs }) => sumTo(g, (inputs[0] as Tensor).shape),
    }),
    reference: ([x], { shape }) => {
      const { data, shape: from } = x as ReferenceArray;
      const out = new Float64Array(sizeOf(shape));
      const lead = shape.length - from.length;
      for (let i = 0; i < out.length; i++) {
        let rest = i;
        let at = 0;
        let stride = 1;
        for (let d = shape.length - 1; d >= lead; d--) {
          const size = shape[d] as number;
          const own = from[d - lead] as number;
          if (own !== 1) at += (rest % size) * stride;
          stride *= own;
          rest = Math.floor(rest / size);
        }
        out[i] = data[at] as number;
      }
      return out;
    },
  });

/** Stretches axes of length 1, and adds leading axes, to reach `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : broadcastPrimitive([x], { shape: [...shape] });
}

/** The transpose of `broadcastTo`: sums the axes that broadcasting would have stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, i) =>
    i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : [],
  );
  return reshape(sum(x, { axes }), shape);
}

interface AxesAttrs extends Attrs {
  readonly axes: readonly number[];
}

export const sumPrimitive: PrimitiveFunction<AxesAttrs> = definePrimitive<AxesAttrs>({
  name: "sum",
  type: ([x], { axes }) => {
    const { dtype, shape } = x as Type;
    checkAxes("sum", x as Type, axes);
    if (dtype === "bool") throw typeError("GLOCAL_BAD_DTYPE", "sum", "a number dtype", [x as Type]);
    return { dtype, shape: shape.filter((_, i) => !axes.includes(i)) };
  },
  ...linear<AxesAttrs>({
    apply: (t, { attrs }) => sumPrimitive([t], attrs),
    transpose: (g, { inputs, attrs }) => {
      const { shape } = inputs[0] as Tensor;
      const kept = shape.map((d, i) => (attrs.axes.includes(i) ? 1 : d));
      return broadcastTo(reshape(g, kept), shape);
    },
  }),
  reference: ([x], { axes }, output) => {
    const { data, shape } = x as ReferenceArray;
    const out = new Float64Array(sizeOf(output.shape));
    const strides = rowMajor(shape);
    const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const outStrides = rowMajor(output.shape);
    for (let i = 0; i < data.length; i++) {
      let at = 0;
      kept.forEach((axis, k) => {
        const index = Math.floor(i / (strides[axis] as number)) % (shape[axis] as number);
        at += index * (outStrides[k] as number);
      });
      out[at] = (out[at] as number) + (data[i] as number);
    }
    return out;
  },
});

export function checkAxes(name: string, x: Type, axes: readonly number[]): void {
  const valid = axes.every((a) => Number.isInteger(a) && a >= 0 && a < x.shape.length);
  if (!valid || new Set(axes).size !== axes.length)
    throw typeError(
      "GLOCAL_BAD_SHAPE",
      name,
      `distinct axes within 0…${x.shape.length - 1}`,
      [x],
      `with axes [${axes.join(",")}]`,
    );
}

/** Which axes a reduction runs over (default all; negative ones count from the end), and whether they stay as length 1. */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  readonly keepDims?: boolean;
}

/** The axes that reduction options name. */
export function reducedAxes(x: Tensor, { axes }: ReduceOptions): number[] {
  return axes ? axes.map((a) => (a < 0 ? a + x.shape.length : a)) : x.shape.map((_, i) => i);
}

/** `reduced` with the reduced axes put back as length 1, if the options ask for it. */
export function restoreDims(x: Tensor, reduced: Tensor, options: ReduceOptions): Tensor {
  if (!options.keepDims) return reduced;
  const axes = reducedAxes(x, options);
  return reshape(
    reduced,
    x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  );
}

/** Sum over axes. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = reducedAxes(x, options);
  return axes.length === 0 ? x : restoreDims(x, sumPrimitive([x], { axes }), options);
}

/** Turns numbers into tensors of the other operands' dtype and gives all one shape. */
export function broadcastTogether(
  name: string,
  operands: readonly Operand[],
  convertDtype = true,
): Tensor[] {
  const tensors = operands.filter((x): x is Tensor => x instanceof Tensor);
  const first = tensors[0];
  if (!first)
    throw new GlocalError("GLOCAL_TRACE", {
      expected: `at least one tensor for ${name}`,
      received: operands.map(String).join(" and "),
      hint: "Compute with plain numbers in plain TypeScript.",
    });
  const shape = tensors.reduce<Shape | undefined>(
    (s, x) => s && broadcastShapes(s, x.shape),
    first.shape,
  );
  if (!shape)
    throw typeError(
      "GLOCAL_BAD_SHAPE",
      name,
      "shapes that broadcast together",
      tensors.map((x) => x.type),
    );
  const dtype: DType = first.dtype;
  return operands.map((x) => {
    if (!(x instanceof Tensor)) return full(shape, x, convertDtype ? dtype : "float32");
    return broadcastTo(x, shape);
  });
}
