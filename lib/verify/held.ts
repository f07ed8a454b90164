/** Studies with hyperparameters held: what is estimated is what would happen if they were. */
import { shuffledBatches } from "../data/batches.js";
import { type BilevelOptions, bilevel } from "../hyper/bilevel.js";
import { examplesOf } from "../hyper/resident.js";
import { sgd } from "../optim/sgd.js";
import type { VerifyProblem } from "./types.js";

const HELD = sgd({ lr: 0 });

export type At = (step: number) => Int32Array;

/** Where estimates are looked at, of a problem. */
export interface Places {
  readonly starts: readonly number[];
  readonly horizons: readonly number[];
  /** τ of the estimators. */
  readonly window: number;
}

/** Whether every step sees all training data. */
export function isFull<State, Hyper, Batch>(problem: VerifyProblem<State, Hyper, Batch>): boolean {
  return examplesOf(problem.data?.train, "training").count === problem.batchSize;
}

/** Minibatch order 0 is that which estimators see. */
export function batchesOf<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  order: number,
): At {
  const { batchSize, seed = 0 } = problem;
  const { count } = examplesOf(problem.data.train, "training");
  if (batchSize === count) return () => Int32Array.from({ length: count }, (_, i) => i);
  const drawn = shuffledBatches({ count, batchSize, seed: seed + order });
  return (step) => drawn.at(step);
}

/** Runs a study up to a step; what is not finite ends it. */
export async function runHeld<State, Hyper, Batch>(
  options: BilevelOptions<State, Hyper, Batch>,
  upTo = Number.POSITIVE_INFINITY,
): Promise<void> {
  const study = bilevel<State, Hyper, Batch>({ ...options, outer: HELD, onDivergence: "record" });
  for await (const { step } of study) if (step >= upTo) break;
}
