/** A problem of the suite, whatever its state, hyperparameters and batches are. */

import type { Estimator } from "../../hyper/estimator.js";
import { estimatesOf } from "../estimates.js";
import { isFull } from "../held.js";
import type { Seen } from "../panel.js";
import { truthsOf } from "../truth.js";
import type { Truth, VerifyOptions } from "../types.js";

/** Minibatch orders of a truth unless a problem says otherwise. */
export const ORDERS = 8;

export interface AnyProblem {
  readonly starts: readonly number[];
  readonly horizons: readonly number[];
  readonly orders: number;
  truths(window: number): Promise<Truth[]>;
  /** @param sample validation examples that hypergradients see, drawn for each window; all without it */
  estimates(
    estimators: Readonly<Record<string, Estimator>>,
    window: number,
    sample?: number,
  ): Promise<Seen[]>;
}

export function anyProblem<State, Hyper, Batch>(
  options: Pick<VerifyOptions<State, Hyper, Batch>, "problem" | "starts" | "horizons" | "orders">,
): AnyProblem {
  const { problem, starts, horizons } = options;
  const { orders = isFull(problem) ? 1 : ORDERS } = options;
  return {
    starts,
    horizons,
    orders,
    truths: (window) => truthsOf(problem, { starts, horizons, window }, orders),
    estimates: (estimators, window, sample) =>
      estimatesOf(
        sample === undefined ? problem : { ...problem, criterionSample: { batch: sample } },
        estimators,
        { starts, horizons, window },
      ),
  };
}
