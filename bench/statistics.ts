/** Summaries of repeated measurements. */

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("No median of no values.");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] as number;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] as number) + high) / 2;
}

export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new Error("No mean of no values.");
  return values.reduce((a, b) => a + b, 0) / values.length;
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
