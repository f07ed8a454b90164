/** Arrays on the host: what users pass in and get back. */
import { GlocalError } from "../errors.js";
import { deferred, recipeOf } from "./deferred.js";
import { type DType, type Shape, sizeOf, type TypedArray } from "./types.js";

export type { TypedArray };

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
  return { data: typed, shape: checkedShape(shape ?? [typed.length], typed.length) };
}

function checkedShape(shape: Shape, length: number): Shape {
  if (shape.every((d) => Number.isInteger(d) && d >= 0) && sizeOf(shape) === length) return shape;
  throw new GlocalError("GLOCAL_BAD_SHAPE", {
    expected: `a shape that holds ${length} elements`,
    received: `[${shape.join(",")}]`,
  });
}

/**
 * An array of numbers that are stored as bytes, such as pictures: element i is `values[codes[i]]`,
 * of the dtype of `values`. Training data given like this stay bytes on the host; `data` is made
 * when it is first read.
 *
 * @param codes kept, not copied
 * @param values 256 numbers, one for each byte
 * @param shape defaults to one axis
 * @throws GLOCAL_BAD_DTYPE unless codes and values are typed arrays of these types
 * @throws GLOCAL_BAD_SHAPE when the shape does not hold exactly the codes, or there are not 256 values
 */
export function coded(
  codes: Uint8Array,
  values: Float32Array | Float64Array,
  shape: Shape = [codes.length],
): HostArray {
  if (!(codes instanceof Uint8Array))
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: "codes as a Uint8Array",
      received: kindOf(codes),
    });
  if (!(values instanceof Float32Array || values instanceof Float64Array))
    throw new GlocalError("GLOCAL_BAD_DTYPE", {
      expected: "values as a Float32Array or Float64Array",
      received: kindOf(values),
    });
  if (values.length !== 256)
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: "256 values, one for each byte",
      received: `${values.length}`,
    });
  return deferred({ source: codes, values }, checkedShape(shape, codes.length));
}

/** What a value is, for messages. */
function kindOf(x: unknown): string {
  return (x as object | null | undefined)?.constructor?.name ?? String(x);
}

/** The same array with its shape checked; one that has not been made is taken as it is. */
export function checkedArray(x: HostArray): HostArray {
  return recipeOf(x) ? x : array(x.data, x.shape);
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
  if (recipeOf(x)) return true;
  const { data, shape } = x as Partial<HostArray>;
  return isTypedArray(data) && Array.isArray(shape);
}

/** The dtype of an array, which is not made for it. */
export function dtypeOfArray(x: HostArray): DType {
  const recipe = recipeOf(x);
  return dtypeOf(recipe ? (recipe.values ?? recipe.source) : x.data);
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
