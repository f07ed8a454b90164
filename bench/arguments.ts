/** Options of the benchmarks' command line, checked. */
import { InvalidArgumentError } from "commander";
import { ROW_NAMES } from "./peer-rows.js";
import { METHODS, type Method } from "./setting.js";

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number from 1.");
  return value;
}

/** Comma-separated. */
export function numbers(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.some((value) => !Number.isFinite(value)))
    throw new InvalidArgumentError("Expected numbers with commas between them.");
  return values;
}

/** Comma-separated, each one of those known. */
export function names<Name extends string>(text: string, known: readonly Name[]): Name[] {
  return text.split(",").map((part) => {
    const name = known.find((k) => k === part.trim());
    if (name) return name;
    throw new InvalidArgumentError(`Expected ${known.join(", ")}, with commas between them.`);
  });
}

export const methods = (text: string): Method[] => names(text, METHODS);

/** Rows of `bench peers`. */
export const rowNames = (text: string): string[] => names(text, ROW_NAMES);
