/** The windows of a study: where each begins, how long it is, and what runs in it. */
import type { Estimator } from "./estimator.js";
import type { Segment } from "./segment.js";

export interface Window {
  /** Counts from 1. */
  readonly number: number;
  /** Inner steps before it. */
  readonly first: number;
  readonly segment: Segment;
  /** Inner steps after which the hyperparameters change. */
  readonly length: number;
  /** Training starts over. */
  readonly restart: boolean;
}

/** @param steps T, inner steps of the whole training */
export function* windowsOf(estimator: Estimator, steps: number): Generator<Window> {
  const { horizon, window, last, outerSteps = 1 } = estimator;
  if (horizon === "restart") {
    for (let number = 1; number <= outerSteps; number++)
      yield { number, first: 0, segment: { steps, last: 1 }, length: steps, restart: true };
    return;
  }
  for (let first = 0, number = 1; first < steps; first += window, number++) {
    const length = Math.min(window, steps - first);
    const segment =
      horizon === "playout"
        ? { steps: steps - first, last: 1, returnTo: length }
        : { steps: length, last: Math.min(last, length) };
    yield { number, first, segment, length, restart: false };
  }
}
