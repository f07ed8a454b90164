/** Wall-clock time of short, repeatable work. */
import { type Spread, spread } from "./statistics.js";

/** Runs once to warm up, then for at least `leastMs` and `leastRuns` times; milliseconds. */
export function timeMs(work: () => void, leastMs = 100, leastRuns = 7): Spread {
  work();
  const times: number[] = [];
  const began = performance.now();
  while (times.length < leastRuns || performance.now() - began < leastMs) {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  }
  return spread(times);
}
