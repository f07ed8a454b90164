/** Verifications as sections of docs/estimators.md. */
import { PROBLEM_FACTS } from "../../lib/verify/names.js";
import { summarize } from "../../lib/verify/summary.js";
import type { Verification } from "../../lib/verify/types.js";
import { table } from "../markdown.js";
import { fixed, short, type Verified } from "./columns.js";
import { exactReport } from "./exact-report.js";
import { randomReport } from "./random-report.js";

export function verifyReport(results: readonly Verified[], command: string): string {
  const exact = results.filter(({ problem }) => PROBLEM_FACTS[problem].deterministic);
  const random = results.filter(({ problem }) => !PROBLEM_FACTS[problem].deterministic);
  const places = results[0]?.verification.truths.map((t) => `${t.start} → ${t.horizon}`) ?? [];
  const pictures = results.map(
    ({ problem }) => `![${PROBLEM_FACTS[problem].title}](estimators-${problem}.svg)`,
  );
  return [
    `\`${command}\``,
    `Places, as window's start → T: ${places.join(", ")}.`,
    exactReport(exact),
    randomReport(random),
    ...pictures,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

export interface Sampled {
  readonly sample: number;
  readonly verification: Verification;
}

/** What few validation examples do to estimates: cosine and error, truths being of all examples. */
export function subsetReport(whole: Sampled, few: readonly Sampled[]): string {
  const names = summarize((few[0] ?? whole).verification).map(({ estimator }) => estimator);
  const columns = [whole, ...few].map(({ verification }) => summarize(verification));
  return table(
    [
      "estimator: cosine, error",
      `all ${whole.sample.toLocaleString("en")}`,
      ...few.map(({ sample }) => sample.toLocaleString("en")),
    ],
    names.map((name) => [
      name,
      ...columns.map((column) => {
        const own = column.find(({ estimator }) => estimator === name);
        return `${fixed(own?.cosine)}, ${short(own?.error)}`;
      }),
    ]),
  );
}
