/** What counts as divergence of a training, and how a study ends with it. */
import { GlocalError } from "../errors.js";
import type { Run } from "./trainer.js";
import type { Window } from "./window.js";

export interface Divergence {
  /** Inner steps before it. */
  readonly step: number;
  /** What was not finite. */
  readonly what: string;
}

export const finite = (numbers: Float64Array) => numbers.every(Number.isFinite);

export const endOf = ({ first, segment }: Window) => first + segment.steps;

/** The first thing in the training itself that is not finite. */
export function divergenceOf(run: Run, window: Window): Divergence | null {
  const bad = run.losses?.findIndex((loss) => !Number.isFinite(loss)) ?? -1;
  if (bad >= 0) return { step: window.first + bad, what: `training loss ${run.losses?.[bad]}` };
  return finite(run.criterion) ? null : { step: endOf(window), what: "validation loss" };
}

/** @param rewinds how often windows of the study had begun again until then */
export function diverges(divergence: Divergence, hyper: object, rewinds: number): GlocalError {
  const { step, what } = divergence;
  const tried = rewinds > 0 ? ` (rewinds before it: ${rewinds})` : "";
  return new GlocalError("GLOCAL_DIVERGED", {
    divergence,
    expected: "finite numbers in training",
    received: `a ${what} that is not, at step ${step}, with ${JSON.stringify(hyper)}${tried}`,
    hint: 'Look for NaN in the data, start from a smaller learning rate, or use onDivergence: "record" to keep the result up to there.',
  });
}
