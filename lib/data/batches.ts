/** Which examples each training step sees. */

import { GlocalError } from "../errors.js";
import { checkInteger } from "./check.js";
import { permutation, STREAM } from "./permutation.js";

/** Permutations kept for the next call: a window, or its replay, may straddle two epochs. */
const EPOCHS_KEPT = 2;

export interface Batches {
  /** Whole batches in one pass over the data. */
  readonly perEpoch: number;
  /** Indices, [batchSize], of the examples that step `step` (from 0) trains on. */
  at(step: number): Int32Array;
}

export interface BatchesOptions {
  /** Number of training examples. */
  readonly count: number;
  /** Examples in a batch, at most `count`. */
  readonly batchSize: number;
  /** Integer from 0. */
  readonly seed: number;
}

/** Throws GLOCAL_BAD_OPTION unless batches of `batchSize` can be had from `count` examples. */
export function checkBatchSize(count: number, batchSize: number): void {
  checkInteger("batchSize", batchSize, 1);
  if (batchSize <= count) return;
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: `batchSize to be at most ${count}, the number of training examples`,
    received: String(batchSize),
  });
}

/**
 * Batches that are reshuffled every epoch, each a slice of that epoch's
 * permutation; examples that do not fill a last batch are left out of the
 * epoch. What a step sees is a pure function of (count, batchSize, seed, step),
 * so steps may be asked for in any order and replayed.
 */
export function shuffledBatches({ count, batchSize, seed }: BatchesOptions): Batches {
  checkInteger("count", count, 1);
  checkBatchSize(count, batchSize);
  checkInteger("seed", seed, 0);
  const perEpoch = Math.floor(count / batchSize);
  const kept = new Map<number, Int32Array>();

  function orderOf(epoch: number): Int32Array {
    const known = kept.get(epoch);
    if (known) return known;
    const order = permutation(count, { seed, stream: STREAM.batches, epoch });
    for (const oldest of kept.keys()) {
      if (kept.size < EPOCHS_KEPT) break;
      kept.delete(oldest);
    }
    kept.set(epoch, order);
    return order;
  }

  return {
    perEpoch,
    at(step) {
      checkInteger("step", step, 0);
      const from = (step % perEpoch) * batchSize;
      return orderOf(Math.floor(step / perEpoch)).slice(from, from + batchSize);
    },
  };
}
