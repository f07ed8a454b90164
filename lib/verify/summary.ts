/** Many comparisons in few numbers. */
import { mean, median, rankCorrelation } from "./measures.js";
import type { Comparison, Verification } from "./types.js";

export interface Summary {
  readonly estimator: string;
  /** Mean over points and T. */
  readonly cosine: number | null;
  /** The same over those whose ceiling is at least `KNOWABLE`; over all where the truth is exact. */
  readonly knowable: number | null;
  /** Median of ‖ĥ − h‖ / ‖h‖. */
  readonly error: number | null;
  /** Mean of the same: what few bad points weigh in. */
  readonly meanError: number | null;
  /** Median of its error over that of the first estimator at the same point. */
  readonly ratio: number | null;
  /** Share of points at which its error is at most a fifth of the first estimator's. */
  readonly fifth: number | null;
  /** Its mean error over that of the first estimator, of the points at which both have one. */
  readonly meanRatio: number | null;
  /** Of how many comparisons, and in how many something stood in for the estimate. */
  readonly count: number;
  readonly fallbacks: number;
}

/** A ceiling below which one run says little of the others. */
export const KNOWABLE = 0.5;

const FIFTH = 1 / 5;

const at = ({ start, horizon }: Pick<Comparison, "start" | "horizon">) => `${start}-${horizon}`;

const present = <T>(value: T | null): T[] => (value === null ? [] : [value]);

export function summarize({ truths, comparisons }: Verification): Summary[] {
  const names = [...new Set(comparisons.map(({ estimator }) => estimator))];
  const knowable = new Set(
    truths.filter(({ ceiling }) => ceiling === null || ceiling >= KNOWABLE).map(at),
  );
  const first = new Map(
    comparisons.filter(({ estimator }) => estimator === names[0]).map((c) => [at(c), c.error]),
  );
  return names.map((estimator) => {
    const own = comparisons.filter((c) => c.estimator === estimator);
    const errors = own.flatMap(({ error }) => present(error));
    const beside = own.flatMap(({ error, ...place }) => {
      const base = first.get(at(place));
      return error === null || !base ? [] : [{ error, base }];
    });
    const ratios = beside.map(({ error, base }) => error / base);
    const [ownMean, baseMean] = [mean(beside.map((b) => b.error)), mean(beside.map((b) => b.base))];
    return {
      estimator,
      cosine: mean(own.flatMap(({ cosine }) => present(cosine))),
      knowable: mean(
        own.filter((c) => knowable.has(at(c))).flatMap(({ cosine }) => present(cosine)),
      ),
      error: median(errors),
      meanError: mean(errors),
      ratio: median(ratios),
      fifth: mean(ratios.map((ratio) => (ratio <= FIFTH ? 1 : 0))),
      meanRatio: ownMean === null || baseMean === null ? null : ownMean / baseMean,
      count: own.length,
      fallbacks: own.filter(({ fallback }) => fallback !== null).length,
    };
  });
}

/** Mean of the ceilings; null where the truth is exact. */
export function meanCeiling({ truths }: Pick<Verification, "truths">): number | null {
  return mean(truths.flatMap(({ ceiling }) => present(ceiling)));
}

/** At how many points an estimator is better than another. */
export interface Wins {
  readonly cosine: number;
  readonly error: number;
  /** Points at which both have a cosine and an error. */
  readonly count: number;
}

export function winsOver(
  { comparisons }: Pick<Verification, "comparisons">,
  estimator: string,
  other: string,
): Wins {
  const of = (name: string) =>
    comparisons.flatMap(({ estimator: own, cosine, error, ...place }) =>
      own === name && cosine !== null && error !== null ? [{ at: at(place), cosine, error }] : [],
    );
  const theirs = new Map(of(other).map((c) => [c.at, c]));
  const pairs = of(estimator).flatMap((own) => {
    const their = theirs.get(own.at);
    return their ? [{ own, their }] : [];
  });
  return {
    cosine: pairs.filter(({ own, their }) => own.cosine > their.cosine).length,
    error: pairs.filter(({ own, their }) => own.error < their.error).length,
    count: pairs.length,
  };
}

/** How the confidence of an estimator goes with what it is about, over the points of several problems. */
export interface Trust {
  /** Rank correlations. */
  readonly ceiling: number | null;
  readonly cosine: number | null;
  /** Points at which there is a confidence, a ceiling and a cosine. */
  readonly count: number;
}

export function trustOf(verifications: readonly Verification[], estimator: string): Trust {
  const points = verifications.flatMap(({ truths, comparisons }) => {
    const ceilings = new Map(truths.map((truth) => [at(truth), truth.ceiling]));
    return comparisons.flatMap(({ estimator: own, confidence, cosine, ...place }) => {
      const ceiling = ceilings.get(at(place)) ?? null;
      return own === estimator && confidence !== undefined && cosine !== null && ceiling !== null
        ? [{ confidence, cosine, ceiling }]
        : [];
    });
  });
  const of = (value: "confidence" | "ceiling" | "cosine") => points.map((point) => point[value]);
  return {
    ceiling: rankCorrelation(of("confidence"), of("ceiling")),
    cosine: rankCorrelation(of("confidence"), of("cosine")),
    count: points.length,
  };
}
