/** Random choices among examples. */
import { checkInteger } from "./check.js";
import { permutation, STREAM } from "./permutation.js";

export interface SubsetKey {
  readonly seed: number;
  /** Which choice: each number gives one of its own. */
  readonly draw: number;
}

/**
 * `size` of the numbers 0 … count−1, each at most once, ascending: a pure function of what it is given.
 *
 * @throws GLOCAL_BAD_OPTION unless 1 ≤ size ≤ count
 */
export function randomSubset(count: number, size: number, { seed, draw }: SubsetKey): Int32Array {
  checkInteger("size", size, 1);
  checkInteger("count", count, size);
  const key = { seed, stream: STREAM.criterion, epoch: draw };
  return permutation(count, key, size)
    .slice(count - size)
    .sort();
}
