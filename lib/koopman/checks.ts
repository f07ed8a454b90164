/** What every check of an argument is made of: what was expected, and what came. */
import { GlocalError } from "../errors.js";

/** An object, to look for names in; not an array. */
export function requireObject(name: string, value: unknown): void {
  const valid = typeof value === "object" && value !== null && !Array.isArray(value);
  check(valid, `${name} to be an object`, value);
}

export function whole(name: string, value: number, least: number): void {
  check(
    Number.isSafeInteger(value) && value >= least,
    `${name} to be an integer, at least ${least}`,
    value,
  );
}

export function oneOf(name: string, value: unknown, values: readonly string[]): void {
  const quoted = values.map((known) => `"${known}"`);
  const list = [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter(Boolean).join(" or ");
  check(values.includes(value as string), `${name} to be ${list}`, value);
}

export function check(valid: boolean, expected: string, value: unknown): void {
  if (!valid) {
    throw bad(expected, shown(value));
  }
}

/** A value in a message: JSON has no bigints, nor what turns round in itself. */
export function shown(value: unknown): string {
  if (typeof value === "string" || Array.isArray(value)) {
    return JSON.stringify(value, (_, entry) => (typeof entry === "bigint" ? `${entry}n` : entry));
  }
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

export function bad(expected: string, received: string, hint?: string): GlocalError {
  return new GlocalError("GLOCAL_BAD_OPTION", { expected, received, ...(hint && { hint }) });
}
