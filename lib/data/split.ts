/** Holding examples out for validation. */

import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";
import { deferred, recipeOf } from "../ir/deferred.js";
import { checkInteger, exampleCount } from "./check.js";
import { permutation, STREAM } from "./permutation.js";
import type { Split } from "./types.js";

/**
 * How many of `count` examples `amount` holds out: a fraction strictly between
 * 0 and 1 (rounded to whole examples) or a number of examples from 1. Throws
 * GLOCAL_BAD_OPTION unless both sides get at least one example.
 */
export function validationCount(count: number, amount: number): number {
  const held = amount > 0 && amount < 1 ? Math.round(count * amount) : amount;
  if (Number.isSafeInteger(held) && held >= 1 && held < count) return held;
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: `validation to be a fraction between 0 and 1 or a number of examples, leaving at least one of ${count} on each side`,
    received: String(amount),
  });
}

/**
 * Splits training data into what is trained on and what is held out. Which
 * examples go where is a pure function of (number of examples, amount, seed):
 * the first examples of a random permutation are held out. Nothing is copied:
 * the sides read from `split` until their own `data` is first asked for.
 *
 * @param amount fraction in (0, 1) or number of examples, see `validationCount`
 * @param seed integer from 0
 */
export function splitValidation(
  split: Split,
  amount: number,
  seed: number,
): { train: Split; validation: Split } {
  const count = exampleCount(split);
  const held = validationCount(count, amount);
  checkInteger("seed", seed, 0);
  const order = permutation(count, { seed, stream: STREAM.validation, epoch: 0 });
  return {
    train: takeExamples(split, order.subarray(held)),
    validation: takeExamples(split, order.subarray(0, held)),
  };
}

function takeExamples(split: Split, indices: Int32Array): Split {
  return { x: takeRows(split.x, indices), y: takeRows(split.y, indices) };
}

function takeRows(x: HostArray, indices: Int32Array): HostArray {
  const { rows, ...recipe } = recipeOf(x) ?? { source: x.data };
  const taken = rows ? indices.map((i) => rows[i] as number) : indices;
  return deferred({ ...recipe, rows: taken }, [indices.length, ...x.shape.slice(1)]);
}
