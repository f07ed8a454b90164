/** Rows by index: gather and its transpose, scatter-add. */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { sizeOf, type Type } from "../ir/types.js";
import { definePrimitive, linear, type PrimitiveFunction, typeError } from "./define.js";
import { reshape } from "./shape.js";

function checkIndex(name: string, types: readonly Type[]): void {
  const index = types[1] as Type;
  if (index.dtype !== "int32" || index.shape.length !== 1)
    throw typeError("GLOCAL_BAD_DTYPE", name, "a one-dimensional int32 index", types);
  if (index.laned) throw typeError("GLOCAL_LANES", name, "an index that all lanes share", types);
}

export const gatherPrimitive: PrimitiveFunction<Attrs> = definePrimitive<Attrs>({
  name: "gather",
  type: (types) => {
    checkIndex("gather", types);
    const [table, index] = types as [Type, Type];
    if (table.shape.length < 1)
      throw typeError("GLOCAL_BAD_SHAPE", "gather", "a table with rows", types);
    return { dtype: table.dtype, shape: [...index.shape, ...table.shape.slice(1)] };
  },
  ...linear<Attrs>({
    apply: (t, { inputs }) => gatherPrimitive([t, inputs[1] as Tensor], {}),
    transpose: (g, { inputs: [table, index] }) =>
      scatterAddPrimitive([g, index as Tensor], { rows: (table as Tensor).shape[0] as number }),
  }),
  reference: ([table, index], _, output) => {
    const [t, at] = [table, index] as [ReferenceArray, ReferenceArray];
    const row = sizeOf(t.shape.slice(1));
    const out = new Float64Array(sizeOf(output.shape));
    at.data.forEach((r, i) => {
      if (r >= 0 && r < (t.shape[0] as number))
        out.set(t.data.subarray(r * row, (r + 1) * row), i * row);
    });
    return out;
  },
});

interface ScatterAttrs extends Attrs {
  readonly rows: number;
}

export const scatterAddPrimitive: PrimitiveFunction<ScatterAttrs> = definePrimitive<ScatterAttrs>({
  name: "scatterAdd",
  type: (types, { rows }) => {
    checkIndex("scatterAdd", types);
    const [updates, index] = types as [Type, Type];
    if (updates.shape[0] !== index.shape[0])
      throw typeError("GLOCAL_BAD_SHAPE", "scatterAdd", "one row of updates per index", types);
    return { dtype: updates.dtype, shape: [rows, ...updates.shape.slice(1)] };
  },
  ...linear<ScatterAttrs>({
    apply: (t, { inputs, attrs }) => scatterAddPrimitive([t, inputs[1] as Tensor], attrs),
    transpose: (g, { inputs }) => gatherPrimitive([g, inputs[1] as Tensor], {}),
  }),
  reference: ([updates, index], { rows }, output) => {
    const [u, at] = [updates, index] as [ReferenceArray, ReferenceArray];
    const row = sizeOf(u.shape.slice(1));
    const out = new Float64Array(sizeOf(output.shape));
    at.data.forEach((r, i) => {
      if (r < 0 || r >= rows) return;
      for (let j = 0; j < row; j++) {
        const to = r * row + j;
        out[to] = (out[to] as number) + (u.data[i * row + j] as number);
      }
    });
    return out;
  },
});

/** Rows of `table` at an int32 `index` of any shape; an index outside the table reads zeros. */
export function gather(table: Tensor, index: Tensor): Tensor {
  const rows = gatherPrimitive([table, reshape(index, [-1])], {});
  return reshape(rows, [...index.shape, ...table.shape.slice(1)]);
}

/** An array of `rows` rows, zero but for `updates` added at the rows that the int32 `index` names. */
export function scatterAdd(updates: Tensor, index: Tensor, rows: number): Tensor {
  const inner = updates.shape.slice(index.shape.length);
  const flat = reshape(updates, [sizeOf(index.shape), ...inner]);
  return scatterAddPrimitive([flat, reshape(index, [-1])], { rows });
}
