/**
 * Arrays whose numbers are made when somebody asks for them. To everyone they
 * are host arrays; what can do with less (a device that takes rows by index and
 * bytes by a table) asks for the recipe, and the numbers never lie on the host.
 */
import { type Shape, sizeOf, type TypedArray } from "./types.js";

export interface Recipe {
  /** Elements, row-major. */
  readonly source: TypedArray;
  /** What the bytes of `source` stand for: 256 values. Absent: elements stand for themselves. */
  readonly values?: Float32Array | Float64Array;
  /** Rows of `source`, in this order. Absent: all of them. */
  readonly rows?: Int32Array;
}

const recipes = new WeakMap<object, Recipe>();

/** How to make an array that has not been made; undefined for all others. */
export function recipeOf(array: object): Recipe | undefined {
  return recipes.get(array);
}

/** An array that is made by `recipe`, which fits `shape`, when its `data` is first read; from then on it is like any other. */
export function deferred(
  recipe: Recipe,
  shape: Shape,
): { readonly data: TypedArray; readonly shape: Shape } {
  let made: TypedArray | undefined;
  const array = {
    get data(): TypedArray {
      made ??= make(recipe, shape);
      recipes.delete(array);
      return made;
    },
    shape,
  };
  recipes.set(array, recipe);
  return array;
}

function make({ source, values, rows }: Recipe, shape: Shape): TypedArray {
  const picked = rows ? pick(source, rows, sizeOf(shape.slice(1))) : source;
  return values ? decode(picked, values) : picked;
}

function pick(source: TypedArray, rows: Int32Array, width: number): TypedArray {
  const picked = new (source.constructor as new (length: number) => TypedArray)(
    rows.length * width,
  );
  rows.forEach((from, to) => {
    picked.set(source.subarray(from * width, (from + 1) * width), to * width);
  });
  return picked;
}

function decode(codes: TypedArray, values: Float32Array | Float64Array): TypedArray {
  const decoded = new (values.constructor as new (length: number) => typeof values)(codes.length);
  for (let i = 0; i < codes.length; i++) decoded[i] = values[codes[i] as number] as number;
  return decoded;
}
