/** Wall-clock time of short, repeatable work. */
import { type Spread, spread } from "./statistics.js";

function elapsed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Runs once to warm up, then for at least `leastMs` and `leastRuns` times; milliseconds. */
export function timeMs(work: () => void, leastMs = 100, leastRuns = 7): Spread {
  work();
  const times: number[] = [];
  const began = performance.now();
  while (times.length < leastRuns || performance.now() - began < leastMs) times.push(elapsed(work));
  return spread(times);
}

const MOST_CALLS = 1000;

/** How often to run work in a row for it to last `leastMs`, by one run after a first to warm up. */
export function callsFor(work: () => void, leastMs: number): number {
  work();
  return Math.min(MOST_CALLS, Math.max(1, Math.ceil(leastMs / elapsed(work))));
}
