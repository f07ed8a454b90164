/** How far two vectors are apart, and what many numbers come to. */

type Vector = ArrayLike<number>;

const dot = (a: Vector, b: Vector) =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

export const norm = (a: Vector): number => Math.hypot(...Array.from(a));

/** Null where one of them has no direction. */
export function cosine(a: Vector, b: Vector): number | null {
  const size = norm(a) * norm(b);
  return size > 0 && Number.isFinite(size) ? dot(a, b) / size : null;
}

/** ‖estimate − truth‖ / ‖truth‖; null where the truth is zero. */
export function relativeError(estimate: Vector, truth: Vector): number | null {
  const size = norm(truth);
  const apart = Array.from(estimate, (x, i) => x - (truth[i] as number));
  return size > 0 ? norm(apart) / size : null;
}

export function meanOf(vectors: readonly Vector[]): number[] {
  const first = vectors[0] as Vector;
  return Array.from(
    first,
    (_, i) => vectors.reduce((sum, v) => sum + (v[i] as number), 0) / vectors.length,
  );
}

/** How well one agrees with the mean of the others, on average: what one run can know at best. */
export function ceiling(vectors: readonly Vector[]): number | null {
  if (vectors.length < 2) return null;
  const cosines = vectors.flatMap((own, i) => {
    const found = cosine(own, meanOf(vectors.filter((_, k) => k !== i)));
    return found === null ? [] : [found];
  });
  return mean(cosines);
}

/** Null of none. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Null of none; of an even count half-way between the middle two. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const high = sorted[half] as number;
  return sorted.length % 2 === 1 ? high : ((sorted[half - 1] as number) + high) / 2;
}

/** Spearman's: how far two lists of numbers are in the same order, from −1 to 1; null where one of them has none. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | null {
  const middle = (a.length - 1) / 2;
  const [left, right] = [a, b].map((values) => ranks(values).map((rank) => rank - middle));
  return cosine(left as number[], right as number[]);
}

/** From 0; equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}
