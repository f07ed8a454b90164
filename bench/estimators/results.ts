/** What `bench estimators` computed before, and whether it is still of the same estimators. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Estimator } from "../../lib/index.js";
import type { BoundRow } from "../../lib/verify/synthetic/bound.js";
import type { NoiseRow } from "../../lib/verify/synthetic/noise.js";
import type { Truth, Verification } from "../../lib/verify/types.js";
import { ResultCache } from "../cache.js";
import { BENCH_FOLDER } from "../results-file.js";

export interface Results {
  /** `fingerprintOf` the estimators that this is of. */
  readonly of?: string;
  readonly truths?: Truth[];
  readonly verification?: Verification;
  readonly bounds?: BoundRow[];
  readonly noise?: NoiseRow[];
}

interface Key {
  readonly what: string;
  readonly estimators?: "";
}

/** Truths depend on no estimator, and say so: they take long. */
export const truthsKey = (problem: string): Key => ({
  what: `truths of ${problem}`,
  estimators: "",
});

export const cachedResults = () =>
  new ResultCache<Key, Results>(join(BENCH_FOLDER, "results", "estimators.jsonl"));

/**
 * Of all that estimators show of themselves: names, windows, points, and the rule of their tangents with the text of
 * its functions. How they fit shows in nothing but their names.
 */
export function fingerprintOf(estimators: Readonly<Record<string, Estimator>>): string {
  const shown = Object.entries(estimators).map(([name, { window, last, tangents = "reset" }]) => [
    name,
    window,
    last,
    tangents,
  ]);
  const text = JSON.stringify(shown, (_, value: unknown) =>
    typeof value === "function" ? value.toString() : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
