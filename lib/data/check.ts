/** Checks of sizes and seeds that splits and batches share. */

import { GlocalError } from "../errors.js";
import type { Split } from "./types.js";

/**
 * Throws GLOCAL_BAD_OPTION unless `value` is a safe integer of at least `min`.
 * `name` is what the user calls it.
 */
export function checkInteger(name: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: `${name} to be an integer of at least ${min}`,
    received: String(value),
  });
}

/** Number of examples of a split. Throws GLOCAL_BAD_SHAPE when inputs and labels disagree about it. */
export function exampleCount(split: Split): number {
  const count = split.x.shape[0] ?? 0;
  if (split.y.shape.length === 1 && split.y.shape[0] === count) return count;
  throw new GlocalError("GLOCAL_BAD_SHAPE", {
    expected: `labels y of shape [${count}], one for each example of x`,
    received: `[${split.y.shape.join(", ")}]`,
  });
}
