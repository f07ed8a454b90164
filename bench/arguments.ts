/** Options of the benchmarks' command line, checked. */
import { InvalidArgumentError } from "commander";
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

/** Comma-separated. */
export function methods(text: string): Method[] {
  return text.split(",").map((name) => {
    const method = METHODS.find((m) => m === name.trim());
    if (method) return method;
    throw new InvalidArgumentError(`Expected ${METHODS.join(", ")}, with commas between them.`);
  });
}
