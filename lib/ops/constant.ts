/** Values that do not depend on any input, and the markers that tracing leaves in a graph. */
import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";
import { dtypeOf } from "../ir/array.js";
import { currentBuilder, type ReferenceArray, type Tensor } from "../ir/graph.js";
import { type DType, isFloat, type Shape, sizeOf, type Type } from "../ir/types.js";
import {
  definePrimitive,
  linear,
  noDerivative,
  type PrimitiveFunction,
  typeError,
} from "./define.js";

/** A placeholder for an argument of the traced function. */
export const inputPrimitive: PrimitiveFunction<{ index: number; name: string }> = definePrimitive<{
  index: number;
  name: string;
}>({
  name: "input",
  type: () => {
    throw new GlocalError("GLOCAL_TRACE", {
      expected: "inputs made by `input(type)`",
      received: "an emitted input",
    });
  },
  ...noDerivative,
  reference: () => {
    throw new GlocalError("GLOCAL_TRACE", {
      expected: "a value for every input",
      received: "none",
    });
  },
});

export function input(type: Type, index: number, name: string): Tensor {
  return currentBuilder().append(inputPrimitive, [], { index, name }, type);
}

/** Every element the same number. */
export const fullPrimitive: PrimitiveFunction<{ value: number; shape: Shape; dtype: DType }> =
  definePrimitive<{ value: number; shape: Shape; dtype: DType }>({
    name: "full",
    type: (_, { shape, dtype, value }) => {
      if (dtype === "int32" && !Number.isInteger(value))
        throw typeError("GLOCAL_BAD_DTYPE", "full", "a whole number", [], `${value} for int32`);
      return { shape, dtype };
    },
    ...noDerivative,
    reference: (_, { value, shape }) => new Float64Array(sizeOf(shape)).fill(value),
  });

/** An array whose every element is `value`. Default dtype float32. */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return fullPrimitive([], { value, shape: [...shape], dtype });
}

export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 0, dtype);
}

export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 1, dtype);
}

export const literalPrimitive: PrimitiveFunction<{ data: HostArray["data"]; shape: Shape }> =
  definePrimitive<{ data: HostArray["data"]; shape: Shape }>({
    name: "literal",
    type: (_, { data, shape }) => ({ shape, dtype: dtypeOf(data) }),
    ...noDerivative,
    reference: (_, { data }) => data,
  });

/** A host array as a constant of the graph. The array must not change afterwards. */
export function literal(value: HostArray): Tensor {
  return literalPrimitive([], { data: value.data, shape: [...value.shape] });
}

export const iotaPrimitive: PrimitiveFunction<{ size: number; dtype: DType }> = definePrimitive<{
  size: number;
  dtype: DType;
}>({
  name: "iota",
  type: (_, { size, dtype }) => ({ shape: [size], dtype }),
  ...noDerivative,
  reference: (_, { size }) => Float64Array.from({ length: size }, (__, i) => i),
});

/** 0, 1, …, size − 1. Default dtype int32. */
export function iota(size: number, dtype: DType = "int32"): Tensor {
  return iotaPrimitive([], { size, dtype });
}

/**
 * The identity, but a node of its own: `grad` and `jvp` differentiate with
 * respect to it, so that a closure over the same value stays a constant.
 */
export const aliasPrimitive: PrimitiveFunction<Record<string, never>> = definePrimitive<
  Record<string, never>
>({
  name: "alias",
  type: ([x]) => x as Type,
  ...linear({ apply: (t) => t, transpose: (g) => g }),
  reference: ([x]) => (x as ReferenceArray).data,
});

export function alias(x: Tensor): Tensor {
  return aliasPrimitive([x], {});
}

export const stopGradientPrimitive: PrimitiveFunction<Record<string, never>> = definePrimitive<
  Record<string, never>
>({
  name: "stopGradient",
  type: ([x]) => x as Type,
  ...noDerivative,
  reference: ([x]) => (x as ReferenceArray).data,
});

/** The identity, taken as a constant by every derivative. */
export function stopGradient(x: Tensor): Tensor {
  return stopGradientPrimitive([x], {});
}

export const castPrimitive: PrimitiveFunction<{ dtype: DType }> = definePrimitive<{ dtype: DType }>(
  {
    name: "cast",
    type: ([x], { dtype }) => ({ shape: (x as Type).shape, dtype }),
    ...linear<{ dtype: DType }>({
      apply: (t, { attrs }) => cast(t, attrs.dtype),
      transpose: (g, { inputs }) => cast(g, (inputs[0] as Tensor).dtype),
    }),
    reference: ([x], { dtype }) => {
      const { data } = x as ReferenceArray;
      if (isFloat(dtype)) return data;
      return data.map(dtype === "int32" ? Math.trunc : (v) => Number(v !== 0));
    },
  },
);

/** Converts to another dtype; to int32 by rounding towards zero, to bool by `x ≠ 0`. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : castPrimitive([x], { dtype });
}
