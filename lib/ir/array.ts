/** Arrays on the host: what users pass in and get back. */
import { GlocalError } from "../errors.js";
import { type DType, type Shape, sizeOf } from "./types.js";

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A dense row-major array. Its dtype is that of `data`; a Uint8Array counts as bool. */
export interface HostArray {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/**
 * Wraps numbers as an array.
 *
 * @param data a typed array, or plain numbers (taken as float32)
 * @param shape defaults to one axis
 * @throws GLOCAL_BAD_SHAPE when the shape does not hold exactly the data
 */
export function array(data: TypedArray | readonly number[], shape?: Shape): HostArray {
  const typed = ArrayBuffer.isView(data) ? (data as TypedArray) : Float32Array.from(data);
  const to = shape ?? [typed.length];
  if (to.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(to) !== typed.length)
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `a shape that holds ${typed.length} elements`,
      received: `[${to.join(",")}]`,
    });
  return { data: typed, shape: to };
}

export function isTypedArray(x: unknown): x is TypedArray {
  return (
    x instanceof Float32Array ||
    x instanceof Float64Array ||
    x instanceof Int32Array ||
    x instanceof Uint8Array
  );
}

export function isHostArray(x: unknown): x is HostArray {
  if (typeof x !== "object" || x === null) return false;
  const { data, shape } = x as Partial<HostArray>;
  return isTypedArray(data) && Array.isArray(shape);
}

export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  return data instanceof Int32Array ? "int32" : "bool";
}

export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(size);
    case "float64":
      return new Float64Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
  }
}
