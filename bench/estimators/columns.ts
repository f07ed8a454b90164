/** What the tables of verifications have in common. */
import { PROBLEM_FACTS, type ProblemName } from "../../lib/verify/names.js";
import { type Summary, summarize } from "../../lib/verify/summary.js";
import type { Verification } from "../../lib/verify/types.js";

export interface Verified {
  readonly problem: ProblemName;
  readonly verification: Verification;
}

export const fixed = (value: number | null | undefined) => (value == null ? "–" : value.toFixed(2));
export const short = (value: number | null | undefined) =>
  value == null ? "–" : value.toPrecision(2);
export const share = (value: number | null | undefined) =>
  value == null ? "–" : `${Math.round(100 * value)} %`;

export const present = <T>(value: T | null | undefined): T[] => (value == null ? [] : [value]);

/** One estimator's row of several problems. */
type Row = (summaries: readonly (Summary | undefined)[], name: string) => string[];

export function rowsOf(results: readonly Verified[], row: Row): string[][] {
  const columns = results.map(({ verification }) => summarize(verification));
  const names = columns[0]?.map(({ estimator }) => estimator) ?? [];
  return names.map((name, i) => [
    name,
    ...row(
      columns.map((column) => column[i]),
      name,
    ),
  ]);
}

/** What the problems are, in a sentence each. */
export const problemsIn = (results: readonly Verified[]) =>
  results.map(({ problem }) => `*${problem}* is ${PROBLEM_FACTS[problem].title}.`).join(" ");
