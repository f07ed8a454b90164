/** Plain data as text that differs wherever the data does: JSON, but with every number kept apart. */

/** Numbers that JSON would write as null, or as 0. */
function exactNumber(value: number): number | string {
  if (Object.is(value, -0)) return "number -0";
  return Number.isFinite(value) ? value : `number ${value}`;
}

/** @param nameArray how a typed array is told from others; by default by its length only */
export function exactKey(
  data: unknown,
  nameArray: (array: ArrayBufferView) => string = (a) => `${a.byteLength} bytes`,
): string {
  return JSON.stringify(data, (_, value) => {
    if (typeof value === "number") return exactNumber(value);
    return ArrayBuffer.isView(value) ? nameArray(value) : value;
  });
}
