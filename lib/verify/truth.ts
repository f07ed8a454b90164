/** The hypergradients of greedy playout, by running to the end. */
import { bilevel } from "../hyper/bilevel.js";
import type { Estimator } from "../hyper/estimator.js";
import { none } from "../hyper/estimators.js";
import { lastPoint } from "../hyper/forecast/trajectories.js";
import { type At, batchesOf, type Places, runHeld } from "./held.js";
import { ceiling, meanOf } from "./measures.js";
import type { Truth, VerifyProblem } from "./types.js";

/**
 * At every point of every T that is beyond the window there: means over minibatch orders. Of all validation examples,
 * however few of them estimates see.
 */
export async function truthsOf<State, Hyper, Batch>(
  { criterionSample: _, ...problem }: VerifyProblem<State, Hyper, Batch>,
  { starts, horizons, window }: Places,
  orders: number,
): Promise<Truth[]> {
  const truths: Truth[] = [];
  for (const start of starts) {
    const state = await stateAt(problem, start, batchesOf(problem, 0));
    const ends = horizons.filter((horizon) => horizon > start + window);
    const lengths = ends.map((end) => end - start);
    const found: Map<number, number[]>[] = [];
    for (let order = 1; order <= orders; order++) {
      const own = batchesOf(problem, order);
      const at = (step: number) => own(start + step);
      found.push(await playout({ ...problem, state }, lengths, window, at));
    }
    for (const horizon of ends) {
      const all = found.flatMap((lengthsSeen) => {
        const gradient = lengthsSeen.get(horizon - start);
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
  return truths;
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
  await runHeld({
    ...problem,
    steps: Math.max(...lengths),
    batches: { at },
    hypergradient: watching,
  });
  return found;
}
