/** `verify`: how far estimates are from the global hypergradient, where it can be computed. */
import { shuffledBatches } from "../data/batches.js";
import { type BilevelOptions, bilevel } from "../hyper/bilevel.js";
import { checkEstimator, type Estimator } from "../hyper/estimator.js";
import { none } from "../hyper/estimators.js";
import { lastPoint } from "../hyper/forecast/trajectories.js";
import { checkWhole, isRecord, refuse, refuseUnknown } from "../hyper/options.js";
import { examplesOf } from "../hyper/resident.js";
import { sgd } from "../optim/sgd.js";
import { ceiling, cosine, meanOf, relativeError } from "./measures.js";
import { panel, type Seen } from "./panel.js";
import type { Comparison, Truth, Verification, VerifyOptions, VerifyProblem } from "./types.js";

const KNOWN = new Set(["problem", "estimators", "starts", "horizons", "orders"]);
const ORDERS = 8;
/** Hyperparameters are held: what is estimated is what would happen if they were. */
const HELD = sgd({ lr: 0 });

type At = (step: number) => Int32Array;

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
  const { problem, estimators, starts, horizons, window, orders } = checked(options);
  const { count } = examplesOf(problem.data.train, "training");
  const { batchSize, seed = 0 } = problem;
  const batches = (order: number): At => {
    if (batchSize === count) return () => Int32Array.from({ length: count }, (_, i) => i);
    const drawn = shuffledBatches({ count, batchSize, seed: seed + order });
    return (step) => drawn.at(step);
  };

  const truths: Truth[] = [];
  for (const start of starts) {
    const state = await stateAt(problem, start, batches(0));
    const ends = horizons.filter((horizon) => horizon > start + window);
    const found: Map<number, number[]>[] = [];
    for (let order = 1; order <= orders; order++) {
      const own = batches(order);
      const at = (step: number) => own(start + step);
      found.push(
        await playout(
          { ...problem, state },
          ends.map((end) => end - start),
          window,
          at,
        ),
      );
    }
    for (const horizon of ends) {
      const all = found.flatMap((lengths) => {
        const gradient = lengths.get(horizon - start);
        return gradient ? [gradient] : [];
      });
      if (all.length === 0) continue;
      truths.push({
        start,
        horizon,
        gradient: meanOf(all),
        ceiling: ceiling(all),
        orders: all.length,
      });
    }
  }

  const seen = await estimates(problem, estimators, { starts, horizons, window, at: batches(0) });
  const comparisons = truths.flatMap((truth) =>
    Object.keys(estimators).map((name) => compare(truth, name, seen)),
  );
  return { truths, comparisons };
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

async function stateAt<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  steps: number,
  at: At,
): Promise<State> {
  if (steps === 0) return problem.state;
  const study = bilevel<State, Hyper, Batch>({
    ...problem,
    steps,
    batches: { at },
    hypergradient: none({ window: steps }),
  });
  return (await study.result).state;
}

/** The hypergradients at some lengths of one long window; none of those that are not finite. */
async function playout<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  lengths: readonly number[],
  window: number,
  at: At,
): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  if (lengths.length === 0) return found;
  // With hyperparameters held, carried tangents are those of one window.
  const watching: Estimator = {
    name: "playout",
    horizon: "window",
    window,
    last: 1,
    tangents: "carry",
    estimate: (trajectory) => ({
      gradient: lastPoint(trajectory),
      eigenvalues: null,
      fallback: null,
    }),
    begin: () => ({
      estimate: (trajectory) => {
        const gradient = lastPoint(trajectory);
        if (lengths.includes(trajectory.stepsDone))
          found.set(trajectory.stepsDone, Array.from(gradient));
        return { gradient, eigenvalues: null, fallback: null };
      },
    }),
  };
  await run({ ...problem, steps: Math.max(...lengths), batches: { at }, hypergradient: watching });
  return found;
}

interface Places {
  readonly starts: readonly number[];
  readonly horizons: readonly number[];
  readonly window: number;
  readonly at: At;
}

/** What every estimator says at every point for every T. */
async function estimates<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  estimators: Readonly<Record<string, Estimator>>,
  { starts, horizons, window, at }: Places,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const end = Math.max(...starts) + window;
  for (const members of groupsOf(estimators)) {
    const own = (members[0] as (typeof members)[number])[1];
    // How far tangents look back may depend on T, and then every T takes a study of its own.
    const fixed = typeof (own.tangents ?? "reset") === "string" && !decides(own);
    const parts = fixed ? [horizons] : horizons.map((horizon) => [horizon]);
    for (const part of parts) {
      const asked = panel(members, part, (entry) => {
        if (starts.includes(entry.start)) seen.push(entry);
      });
      const steps = fixed ? end : Math.max(...part);
      await run({ ...problem, steps, batches: { at }, hypergradient: asked }, end);
    }
  }
  return seen;
}

/** Runs a study up to a step; what is not finite ends it. */
async function run<State, Hyper, Batch>(
  options: BilevelOptions<State, Hyper, Batch>,
  upTo = Number.POSITIVE_INFINITY,
): Promise<void> {
  const study = bilevel<State, Hyper, Batch>({ ...options, outer: HELD, onDivergence: "record" });
  for await (const { step } of study) if (step >= upTo) break;
}

/** Whether an estimator may have a say in which tangents go on, and so in what it sees. */
const decides = ({ begin, tangents = "reset" }: Estimator) =>
  begin !== undefined && tangents !== "reset";

/** Estimators that see the same windows. */
function groupsOf(estimators: Readonly<Record<string, Estimator>>) {
  const groups = new Map<string, (readonly [string, Estimator])[]>();
  for (const entry of Object.entries(estimators)) {
    const { tangents = "reset" } = entry[1];
    const free = typeof tangents === "object" && typeof tangents.decay === "function";
    const key = free || decides(entry[1]) ? entry[0] : JSON.stringify(tangents);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups.values();
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
  const full = examplesOf(problem.data?.train, "training").count === problem.batchSize;
  const { orders = full ? 1 : ORDERS } = options;
  checkWhole("orders", orders, 1);
  return { problem, estimators, starts, horizons, window, orders };
}
