/** `verify`: how far estimates are from the global hypergradient, where it can be computed. */
import { checkEstimator } from "../hyper/estimator.js";
import { checkWhole, isRecord, refuse, refuseUnknown } from "../hyper/options.js";
import { estimatesOf } from "./estimates.js";
import { isFull } from "./held.js";
import { cosine, relativeError } from "./measures.js";
import type { Seen } from "./panel.js";
import { ORDERS } from "./problems/problem.js";
import { truthsOf } from "./truth.js";
import type { Comparison, Truth, Verification, VerifyOptions } from "./types.js";

const KNOWN = new Set(["problem", "estimators", "starts", "horizons", "orders"]);

/**
 * Trains with hyperparameters held and compares, at several points and for several T, what estimators
 * say there with the hypergradient of greedy playout: from the window's start to T. Where batches are drawn at random that
 * is the mean over minibatch orders, and `ceiling` says how well one order agrees with the mean of the others.
 *
 * Playouts start from the state at each point with steps counted from 0: a step that looks at `context.step` sees
 * another one than it would have.
 *
 * @throws GLOCAL_BAD_OPTION, and what `bilevel` throws
 */
export async function verify<State, Hyper, Batch>(
  options: VerifyOptions<State, Hyper, Batch>,
): Promise<Verification> {
  const { problem, estimators, orders, ...places } = checked(options);
  const truths = await truthsOf(problem, places, orders);
  const seen = await estimatesOf(problem, estimators, places);
  return { truths, comparisons: compareAll(truths, Object.keys(estimators), seen) };
}

/** Every estimator's with every truth. */
export function compareAll(
  truths: readonly Truth[],
  names: readonly string[],
  seen: readonly Seen[],
): Comparison[] {
  return truths.flatMap((truth) => names.map((name) => compare(truth, name, seen)));
}

function compare(
  { start, horizon, gradient: truth }: Truth,
  name: string,
  seen: readonly Seen[],
): Comparison {
  const found = seen.find((s) => s.name === name && s.start === start && s.horizon === horizon);
  const place = { estimator: name, start, horizon };
  if (!found?.estimate.gradient.every(Number.isFinite))
    return { ...place, gradient: null, cosine: null, error: null, fallback: null };
  const { gradient, fallback, chosen, confidence } = found.estimate;
  return {
    ...place,
    gradient: Array.from(gradient),
    cosine: cosine(gradient, truth),
    error: relativeError(gradient, truth),
    fallback,
    ...(chosen === undefined ? {} : { chosen }),
    ...(confidence === undefined ? {} : { confidence }),
  };
}

function checked<State, Hyper, Batch>(options: VerifyOptions<State, Hyper, Batch>) {
  refuseUnknown("verify", options, KNOWN);
  const { problem, estimators, starts, horizons } = options;
  if (!isRecord(estimators) || Object.keys(estimators).length === 0)
    refuse("estimators to be an object of estimators by name", estimators);
  const windows = Object.values(estimators).map((estimator) => {
    checkEstimator(estimator);
    if (estimator.horizon !== "window")
      refuse("estimators that look over windows, not to the end", estimator.name);
    return estimator.window;
  });
  const window = windows[0] as number;
  if (windows.some((other) => other !== window)) refuse("estimators of the same window", windows);
  for (const [name, values, least] of [
    ["starts", starts, 0],
    ["horizons", horizons, window],
  ] as const) {
    if (!Array.isArray(values) || values.length === 0)
      refuse(`${name} to be a list of steps`, values);
    for (const value of values) {
      checkWhole(`an entry of ${name}`, value, least);
      if (value % window !== 0) refuse(`${name} to be multiples of the window, ${window}`, value);
    }
  }
  const { orders = isFull(problem) ? 1 : ORDERS } = options;
  checkWhole("orders", orders, 1);
  return { problem, estimators, starts, horizons, window, orders };
}
