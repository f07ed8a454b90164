/** Random permutations that are a pure function of what they are for. */

import { keyOf, philox4x32 } from "../ir/philox.js";

/** Uses of randomness that must not share numbers. Part of what a seed means: never renumber. */
export const STREAM = { validation: 0, batches: 1, criterion: 2 } as const;

export interface PermutationKey {
  /** Integer in 0 … 2⁵³−1. */
  readonly seed: number;
  readonly stream: (typeof STREAM)[keyof typeof STREAM];
  /** Which permutation of the stream; 0 where there is only one. */
  readonly epoch: number;
}

/**
 * A permutation of 0 … count−1 by Fisher–Yates from the end. Draw d takes two
 * words of the Philox block with counter (⌊d/2⌋, epoch, stream, 0) under the
 * seed as key, as one 53-bit fraction; the bias of scaling it is below count·2⁻⁵³.
 * After `draws` of them, the last entries that many are a random choice and the rest is in no order.
 */
export function permutation(
  count: number,
  { seed, stream, epoch }: PermutationKey,
  draws = count - 1,
): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const key = keyOf(seed);
  const words = new Uint32Array(4);
  for (let draw = 0; draw < Math.min(draws, count - 1); draw++) {
    if (draw % 2 === 0) philox4x32([draw / 2, epoch, stream, 0], key, words);
    const at = draw % 2 === 0 ? 0 : 2;
    const fraction =
      ((words[at] as number) * 2 ** 21 + ((words[at + 1] as number) >>> 11)) * 2 ** -53;
    const last = count - 1 - draw;
    const chosen = Math.floor(fraction * (last + 1));
    const swapped = order[last] as number;
    order[last] = order[chosen] as number;
    order[chosen] = swapped;
  }
  return order;
}
