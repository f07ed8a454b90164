/** JSON that keeps NaN and infinities, which a diverging run is full of, as strings. */

const NON_FINITE: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** `JSON.stringify` in which NaN, Infinity and −Infinity become `"NaN"`, `"Infinity"` and `"-Infinity"`. */
export function toJson(value: unknown, indent?: number): string {
  const keep = (_key: string, entry: unknown) =>
    typeof entry === "number" && !Number.isFinite(entry) ? String(entry) : entry;
  return JSON.stringify(value, keep, indent);
}

/** The inverse of `toJson`. Throws SyntaxError. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, entry: unknown) => NON_FINITE.get(entry) ?? entry);
}
