/** How many singular values a fit keeps, and how it divides by them. */

/**
 * * a number r: at most r;
 * * `{ energy: p }`, 0 < p ≤ 1: as few as hold that part of Σ σ²;
 * * `"optimal"`: those above the hard threshold that is best against white noise of unknown size
 *   (Gavish and Donoho 2014), but at least one.
 */
export type Rank = number | "optimal" | { readonly energy: number };

export interface Truncation {
  /** Undefined: as many as `rcond` allows. */
  readonly rank: Rank | undefined;
  /** Singular values at or below this part of the largest are dropped, whatever the rank. */
  readonly rcond: number;
}

/**
 * @param singularValues Descending.
 * @param rows and
 * @param columns Of the matrix that they are of; the hard threshold wants its shape.
 * @param floor Values at or below it are round-off.
 */
export function countKept(
  singularValues: Float64Array,
  { rank, rcond }: Truncation,
  rows: number,
  columns: number,
  floor = 0,
): number {
  const cutoff = Math.max(rcond * (singularValues[0] ?? 0), floor);
  const above = singularValues.filter((value) => value > cutoff).length;
  if (rank === undefined || above === 0) {
    return above;
  }
  if (typeof rank === "number") {
    return Math.min(above, rank);
  }
  if (rank === "optimal") {
    const threshold = hardThreshold(singularValues, rows, columns);
    return Math.max(1, Math.min(above, singularValues.filter((value) => value > threshold).length));
  }
  return Math.min(above, countOfEnergy(singularValues, rank.energy));
}

function countOfEnergy(singularValues: Float64Array, energy: number): number {
  // Relative to the largest, so that squares stay in range.
  const largest = singularValues[0] as number;
  const squares = Array.from(singularValues, (value) => (value / largest) ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0);
  let sum = 0;
  const enough = squares.findIndex((square) => {
    sum += square;
    return sum >= energy * total;
  });
  return enough < 0 ? squares.length : enough + 1;
}

/**
 * λ*(β) / √μ_β · median σ (Gavish and Donoho 2014, eq. 5 and 11), β the ratio of the sides and μ_β the
 * median of the Marčenko–Pastur distribution.
 */
export function hardThreshold(singularValues: Float64Array, rows: number, columns: number): number {
  const beta = Math.min(rows, columns) / Math.max(rows, columns);
  const optimal = Math.sqrt(
    2 * (beta + 1) + (8 * beta) / (beta + 1 + Math.sqrt(beta * beta + 14 * beta + 1)),
  );
  const sorted = singularValues.toSorted();
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2)];
  const median = ((sorted[low] as number) + (sorted[high] as number)) / 2;
  return (optimal / Math.sqrt(marchenkoPasturMedian(beta))) * median;
}

/**
 * With x = 1 + β − 2√β cos θ the distribution function is (2/π) ∫₀^θ sin² / x, which is smooth. Its
 * median by bisection, its integral by the midpoint rule.
 */
function marchenkoPasturMedian(beta: number): number {
  const root = 2 * Math.sqrt(beta);
  const below = (theta: number) => {
    const steps = 400;
    let sum = 0;
    for (let k = 0; k < steps; k++) {
      const angle = ((k + 0.5) / steps) * theta;
      sum += Math.sin(angle) ** 2 / (1 + beta - root * Math.cos(angle));
    }
    return ((2 / Math.PI) * sum * theta) / steps;
  };
  let [low, high] = [0, Math.PI];
  for (let k = 0; k < 50; k++) {
    const middle = (low + high) / 2;
    [low, high] = below(middle) < 0.5 ? [middle, high] : [low, middle];
  }
  return 1 + beta - root * Math.cos(low);
}

/** What to divide by in place of σ: σ + μ σ₁² / σ, so that 1/σ becomes σ / (σ² + μ σ₁²). */
export function divisors(
  singularValues: Float64Array,
  rank: number,
  tikhonov: number,
): Float64Array {
  const kept = singularValues.slice(0, rank);
  if (tikhonov === 0) {
    return kept;
  }
  const largest = singularValues[0] as number;
  return kept.map((value) => value + tikhonov * (largest / value) * largest);
}
