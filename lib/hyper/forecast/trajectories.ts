/** What estimators do with the points of a trajectory. */
import type { Trajectory } from "../estimator.js";

/** The hypergradient at the last point. */
export function lastPoint({ data, points, size }: Trajectory): Float64Array {
  return data.slice((points - 1) * size, points * size);
}

export function meanPoint({ data, points, size }: Trajectory): Float64Array {
  const sum = new Float64Array(size);
  data.forEach((h, i) => {
    sum[i % size] = (sum[i % size] as number) + h;
  });
  return sum.map((h) => h / points);
}

/** Root mean square of each entry's distance from `origin` (default: from zero). */
export function entrySizes(
  { data, points, size }: Trajectory,
  origin: Float64Array = new Float64Array(size),
): Float64Array {
  return origin.map((from, i) => {
    const distances = Array.from(
      { length: points },
      (_, t) => (data[t * size + i] as number) - from,
    );
    // In range for numbers of any size, which their squares are not.
    return Math.hypot(...distances) / Math.sqrt(points);
  });
}

/** Its first `count` points. */
export function head<T extends Trajectory>(trajectory: T, count: number): T {
  const { data, size } = trajectory;
  return { ...trajectory, data: data.subarray(0, count * size), points: count };
}

/** Its last `count` points; all where it has fewer. */
export function tail<T extends Trajectory>(trajectory: T, count: number): T {
  const { data, points, size } = trajectory;
  const kept = Math.min(count, points);
  return { ...trajectory, data: data.subarray((points - kept) * size), points: kept };
}

/** Features × time, as DMD takes it. */
export function snapshots({ data, points, size }: Trajectory) {
  const turned = new Float64Array(data.length);
  for (let t = 0; t < points; t++)
    for (let i = 0; i < size; i++) turned[i * points + t] = data[t * size + i] as number;
  return { data: turned, shape: [size, points] as const };
}
