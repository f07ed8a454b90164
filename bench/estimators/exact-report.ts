/** Estimates where the truth is exact. */
import { mean } from "../../lib/verify/measures.js";
import type { Summary } from "../../lib/verify/summary.js";
import { table } from "../markdown.js";
import { fixed, present, problemsIn, rowsOf, share, short, type Verified } from "./columns.js";

export function exactReport(results: readonly Verified[]): string {
  if (results.length === 0) return "";
  return `### The truth is exact

${problemsIn(results)} Errors ‖ĥ − h‖ / ‖h‖ are medians over places, cosines means.

${exactTable(results)}

The same errors over those of \`last()\`: the median over places, the share of places where it is at most a fifth, and the
mean error over the mean error. *All* is the mean of the problems.

${ratioTable(results)}`;
}

function exactTable(results: readonly Verified[]): string {
  return table(
    ["estimator", ...results.flatMap(({ problem }) => [`${problem}: error`, "cosine"])],
    rowsOf(results, (own) => own.flatMap((s) => [short(s?.error), fixed(s?.cosine)])),
  );
}

/** How much smaller errors are than those of last(), by their median, at how many places, and by their means. */
function ratioTable(results: readonly Verified[]): string {
  const over = (own: readonly (Summary | undefined)[], of: (s: Summary) => number | null) =>
    mean(own.flatMap((s) => (s ? present(of(s)) : [])));
  return table(
    [
      "errors to those of last()",
      ...results.flatMap(({ problem }) => [`${problem}: median`, "≤ 1/5 at", "of means"]),
      "all: median",
      "≤ 1/5 at",
      "of means",
    ],
    rowsOf(results, (own) => [
      ...own.flatMap((s) => [short(s?.ratio), share(s?.fifth), short(s?.meanRatio)]),
      short(over(own, ({ ratio }) => ratio)),
      share(over(own, ({ fifth }) => fifth)),
      short(over(own, ({ meanRatio }) => meanRatio)),
    ]),
  );
}
