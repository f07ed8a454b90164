/** Value types: what a node of a graph produces. */

export const DTYPES = ["float32", "float64", "int32", "bool"] as const;
export type DType = (typeof DTYPES)[number];
export type FloatDType = "float32" | "float64";

/** Bytes of one element in device memory (bool is stored as one byte, 0 or 1). */
export const BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  bool: 1,
};

export type Shape = readonly number[];

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * The type of a value. `laned` says that the value exists once per lane (one
 * lane per hyperparameter direction); lanes are not an axis of `shape`, so no
 * rule ever has to mention them.
 */
export interface Type {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly laned: boolean;
}

export function isFloat(dtype: DType): dtype is FloatDType {
  return dtype === "float32" || dtype === "float64";
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((n, d) => n * d, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Row-major strides in elements. */
export function rowMajor(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

export function formatType(type: Type): string {
  return `${type.dtype}[${type.shape.join(",")}]${type.laned ? "×lanes" : ""}`;
}
