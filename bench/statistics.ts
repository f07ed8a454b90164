/** Summaries of repeated measurements. */
import { mean as meanOf, median as medianOf } from "../lib/verify/measures.js";

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export const median = (values: readonly number[]): number => some(medianOf(values), "median");

export const mean = (values: readonly number[]): number => some(meanOf(values), "mean");

function some(value: number | null, what: string): number {
  if (value === null) throw new Error(`No ${what} of no values.`);
  return value;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** Several processes that each measured a spread: the median of their medians, between all their extremes. */
export function pool(spreads: readonly Spread[]): Spread {
  return {
    min: Math.min(...spreads.map((s) => s.min)),
    median: median(spreads.map((s) => s.median)),
    max: Math.max(...spreads.map((s) => s.max)),
  };
}

export function scale({ min, median: middle, max }: Spread, factor: number): Spread {
  return { min: factor * min, median: factor * middle, max: factor * max };
}

/** Of a sample: the root of the sum of squares over n − 1. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1));
}
