/** Many comparisons in few numbers. */
import { median } from "./measures.js";
import type { Comparison, Verification } from "./types.js";

export interface Summary {
  readonly estimator: string;
  /** Mean over points and T. */
  readonly cosine: number | null;
  /** The same over those whose ceiling is at least `KNOWABLE`; over all where the truth is exact. */
  readonly knowable: number | null;
  /** Median of ‖ĥ − h‖ / ‖h‖. */
  readonly error: number | null;
  /** Median of its error over that of the first estimator at the same point. */
  readonly ratio: number | null;
  /** Of how many comparisons, and in how many something stood in for the estimate. */
  readonly count: number;
  readonly fallbacks: number;
}

/** A ceiling below which one run says little of the others. */
export const KNOWABLE = 0.5;

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;

const present = <T>(value: T | null): T[] => (value === null ? [] : [value]);

export function summarize({ truths, comparisons }: Verification): Summary[] {
  const names = [...new Set(comparisons.map(({ estimator }) => estimator))];
  const at = ({ start, horizon }: Pick<Comparison, "start" | "horizon">) => `${start}-${horizon}`;
  const knowable = new Set(
    truths.filter(({ ceiling }) => ceiling === null || ceiling >= KNOWABLE).map(at),
  );
  const first = new Map(
    comparisons.filter(({ estimator }) => estimator === names[0]).map((c) => [at(c), c.error]),
  );
  return names.map((estimator) => {
    const own = comparisons.filter((c) => c.estimator === estimator);
    const ratios = own.flatMap((c) => {
      const base = first.get(at(c));
      return c.error === null || !base ? [] : [c.error / base];
    });
    return {
      estimator,
      cosine: meanOf(own.flatMap(({ cosine }) => present(cosine))),
      knowable: meanOf(
        own.filter((c) => knowable.has(at(c))).flatMap(({ cosine }) => present(cosine)),
      ),
      error: median(own.flatMap(({ error }) => present(error))),
      ratio: median(ratios),
      count: own.length,
      fallbacks: own.filter(({ fallback }) => fallback !== null).length,
    };
  });
}

/** Mean of the ceilings; null where the truth is exact. */
export function meanCeiling({ truths }: Pick<Verification, "truths">): number | null {
  return meanOf(truths.flatMap(({ ceiling }) => present(ceiling)));
}
