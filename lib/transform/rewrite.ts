/** Local identities that `simplify` applies while it rebuilds a node. */
import type { Attrs, Builder, Primitive, Tensor } from "../ir/graph.js";
import { sameShape, sizeOf } from "../ir/types.js";
import { broadcastPrimitive, sumPrimitive } from "../ops/broadcast.js";
import {
  aliasPrimitive,
  castPrimitive,
  full,
  fullPrimitive,
  stopGradientPrimitive,
} from "../ops/constant.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../ops/conv.js";
import { elementwisePrimitive } from "../ops/elementwise.js";
import { matmulPrimitive } from "../ops/matmul.js";
import {
  padPrimitive,
  reshapePrimitive,
  slicePrimitive,
  transposePrimitive,
} from "../ops/shape.js";

/** From the operands, the attributes and the node as it stands: something simpler, or undefined. */
type Rule = (inputs: readonly Tensor[], attrs: Attrs, emitted: Tensor) => Tensor | undefined;

/** The number that every element of a constant has. */
function splat(x: Tensor): number | undefined {
  return x.primitive === fullPrimitive ? (x.attrs.value as number) : undefined;
}

const constant = (like: Tensor, value: number): Tensor =>
  full(like.shape, like.dtype === "float32" ? Math.fround(value) : value, like.dtype);

const first: Rule = ([x]) => x;
const zeroIfAnyZero: Rule = (inputs, _, y) =>
  inputs.some((x) => splat(x) === 0) ? constant(y, 0) : undefined;
const keepsSplat: Rule = ([x], _, y) => {
  const value = splat(x as Tensor);
  return value === undefined ? undefined : constant(y, value);
};

/** Identities of elementwise primitives with a constant operand, by name. */
const elementwiseIdentities: Readonly<Record<string, Rule>> = {
  add: ([x, y]) => (splat(y as Tensor) === 0 ? x : splat(x as Tensor) === 0 ? y : undefined),
  sub: ([x, y]) => (splat(y as Tensor) === 0 ? x : undefined),
  mul: ([x, y], _, out) => {
    const [a, b] = [splat(x as Tensor), splat(y as Tensor)];
    if (a === 0 || b === 0) return constant(out, 0);
    return b === 1 ? x : a === 1 ? y : undefined;
  },
  div: ([x, y], _, out) => {
    if (splat(x as Tensor) === 0) return constant(out, 0);
    return splat(y as Tensor) === 1 ? x : undefined;
  },
  neg: ([x]) => ((x as Tensor).primitive.name === "neg" ? (x as Tensor).inputs[0] : undefined),
  select: ([c, x, y]) => {
    if (x === y) return x;
    const condition = splat(c as Tensor);
    return condition === undefined ? undefined : condition !== 0 ? x : y;
  },
};

const rules = new Map<unknown, Rule>([
  [aliasPrimitive, first],
  [stopGradientPrimitive, first],
  [
    castPrimitive,
    ([x], { dtype }, y) => {
      const value = splat(x as Tensor);
      if (value === undefined || dtype === "bool" || !Number.isFinite(value)) return undefined;
      return constant(y, dtype === "int32" ? Math.trunc(value) : value);
    },
  ],
  [matmulPrimitive, zeroIfAnyZero],
  [conv2dPrimitive, zeroIfAnyZero],
  [conv2dInputGradPrimitive, zeroIfAnyZero],
  [conv2dFilterGradPrimitive, zeroIfAnyZero],
  [slicePrimitive, keepsSplat],
  [padPrimitive, zeroIfAnyZero],
  [
    reshapePrimitive,
    (inputs, attrs, y) => {
      const [x] = inputs as [Tensor];
      if (sameShape(x.shape, attrs.shape)) return x;
      if (x.primitive !== reshapePrimitive) return keepsSplat(inputs, attrs, y);
      const [root] = x.inputs as [Tensor];
      return sameShape(root.shape, attrs.shape)
        ? root
        : reshapePrimitive([root], { shape: attrs.shape });
    },
  ],
  [
    transposePrimitive,
    (inputs, attrs, y) => {
      const [x] = inputs as [Tensor];
      if (x.primitive !== transposePrimitive) return keepsSplat(inputs, attrs, y);
      const [root] = x.inputs as [Tensor];
      const inner = x.attrs.perm as number[];
      const perm = (attrs.perm as number[]).map((p) => inner[p] as number);
      return perm.every((p, i) => p === i) ? root : transposePrimitive([root], { perm });
    },
  ],
  [
    broadcastPrimitive,
    (inputs, attrs, y) => {
      const [x] = inputs as [Tensor];
      return x.primitive === broadcastPrimitive
        ? broadcastPrimitive([x.inputs[0] as Tensor], { shape: attrs.shape })
        : keepsSplat(inputs, attrs, y);
    },
  ],
  [
    sumPrimitive,
    ([x], _, y) => {
      const value = splat(x as Tensor);
      const count = sizeOf((x as Tensor).shape) / Math.max(1, sizeOf(y.shape));
      return value === undefined ? undefined : constant(y, value * count);
    },
  ],
]);

/** The node itself in the new graph, or a simpler one of equal value. */
export function rewrite(
  builder: Builder,
  primitive: Primitive,
  inputs: readonly Tensor[],
  attrs: Attrs,
): Tensor {
  const emitted = builder.emit(primitive, inputs, attrs);
  const elementwise = elementwisePrimitive(primitive);
  if (!elementwise) return rules.get(primitive)?.(inputs, attrs, emitted) ?? emitted;
  const values = inputs.map(splat);
  if (values.every((v) => v !== undefined)) return constant(emitted, elementwise.scalar(...values));
  return elementwiseIdentities[primitive.name]?.(inputs, attrs, emitted) ?? emitted;
}
