/** Verifications and synthetic trials as sections of docs/estimators.md. */
import { PROBLEM_FACTS, type ProblemName } from "../../lib/verify/names.js";
import { KNOWABLE, meanCeiling, summarize } from "../../lib/verify/summary.js";
import type { BoundRow } from "../../lib/verify/synthetic/bound.js";
import { NOISE, type NoiseRow } from "../../lib/verify/synthetic/noise.js";
import type { Verification } from "../../lib/verify/types.js";
import { table } from "../markdown.js";
import { mean } from "../statistics.js";

export interface Verified {
  readonly problem: ProblemName;
  readonly verification: Verification;
}

const fixed = (value: number | null) => (value === null ? "–" : value.toFixed(2));
const short = (value: number | null) => (value === null ? "–" : value.toPrecision(2));

const factsOf = (problem: ProblemName) => PROBLEM_FACTS[problem];

/** Errors and their ratios to last's, by estimator and problem. */
function exactTable(results: readonly Verified[]): string {
  const columns = results.map(({ verification }) => summarize(verification));
  const names = columns[0]?.map(({ estimator }) => estimator) ?? [];
  return table(
    [
      "estimator",
      ...results.flatMap(({ problem }) => [`${problem}: error`, "to last()", "cosine"]),
      "errors to last(), mean",
    ],
    names.map((name, i) => {
      const own = columns.map((column) => column[i]);
      const ratios = own.flatMap((s) => (s?.ratio == null ? [] : [s.ratio]));
      return [
        name,
        ...own.flatMap((s) => [
          short(s?.error ?? null),
          short(s?.ratio ?? null),
          fixed(s?.cosine ?? null),
        ]),
        ratios.length === 0 ? "–" : short(mean(ratios)),
      ];
    }),
  );
}

function randomTable(results: readonly Verified[]): string {
  const columns = results.map(({ verification }) => summarize(verification));
  const names = columns[0]?.map(({ estimator }) => estimator) ?? [];
  const rows = names.map((name, i) => {
    const own = columns.map((column) => column[i]);
    const cosines = own.flatMap((s) => (s?.cosine == null ? [] : [s.cosine]));
    const known = own.flatMap((s) => (s?.knowable == null ? [] : [s.knowable]));
    return [
      name,
      ...own.flatMap((s) => [
        fixed(s?.cosine ?? null),
        fixed(s?.knowable ?? null),
        short(s?.error ?? null),
      ]),
      cosines.length === 0 ? "–" : fixed(mean(cosines)),
      known.length === 0 ? "–" : fixed(mean(known)),
    ];
  });
  const ceilings = results.map(({ verification }) => meanCeiling(verification));
  const knowable = results.map(({ verification }) =>
    meanCeiling({
      truths: verification.truths.filter(({ ceiling }) => (ceiling ?? 0) >= KNOWABLE),
    }),
  );
  return table(
    [
      "estimator",
      ...results.flatMap(({ problem }) => [`${problem}: cosine`, "where knowable", "error"]),
      "cosine, mean",
      "where knowable",
    ],
    [
      ...rows,
      ["*ceiling*", ...ceilings.flatMap((c, i) => [fixed(c), fixed(knowable[i] ?? null), ""])],
    ],
  );
}

export function verifyReport(results: readonly Verified[], command: string): string {
  const exact = results.filter(({ problem }) => factsOf(problem).deterministic);
  const random = results.filter(({ problem }) => !factsOf(problem).deterministic);
  const places = (verified: Verified | undefined) =>
    verified?.verification.truths.map(({ start, horizon }) => `${start} → ${horizon}`).join(", ") ??
    "–";
  const pictures = results
    .map(({ problem }) => `![${factsOf(problem).title}](estimators-${problem}.svg)`)
    .join("\n\n");
  return `\`${command}\`

Places, as window's start → T: ${places(results[0])}.

### The truth is exact

${exact.map(({ problem }) => `*${problem}* is ${factsOf(problem).title}.`).join(" ")} Errors ‖ĥ − h‖ / ‖h‖ and
their ratios to those of \`last()\` at the same place are medians over places, cosines means.

${exactTable(exact)}

### The truth is a mean over minibatch orders

${random.map(({ problem }) => `*${problem}* is ${factsOf(problem).title}.`).join(" ")} The truth is the mean over ${random[0]?.verification.truths[0]?.orders ?? 8} orders;
the ceiling is how well one order's exact hypergradient agrees with the mean of the others. *Where knowable*: at places whose
ceiling is at least ${KNOWABLE}.

${randomTable(random)}

${pictures}`;
}

export interface Sampled {
  readonly sample: number;
  readonly verification: Verification;
}

/** What few validation examples do to estimates: cosine and error, truths being of all examples. */
export function subsetReport(whole: Verification | undefined, few: readonly Sampled[]): string {
  if (!whole) return "";
  const names = summarize(few[0]?.verification ?? whole).map(({ estimator }) => estimator);
  const columns = [whole, ...few.map(({ verification }) => verification)].map(summarize);
  return table(
    ["estimator: cosine, error", "all 2,000", ...few.map(({ sample }) => String(sample))],
    names.map((name) => [
      name,
      ...columns.map((column) => {
        const own = column.find(({ estimator }) => estimator === name);
        return `${fixed(own?.cosine ?? null)}, ${short(own?.error ?? null)}`;
      }),
    ]),
  );
}

export function boundReport(rows: readonly BoundRow[]): string {
  return table(
    ["noise, n, m", "‖K − K̂‖", "observed error", "bound"],
    rows.map(({ noise, points, stacks, apart, error, bound }) => [
      `${noise}, ${points}, ${stacks}`,
      apart.toExponential(1),
      error.toExponential(1),
      bound.toExponential(1),
    ]),
  );
}

export function noiseReport(rows: readonly NoiseRow[]): string {
  const names = Object.keys(rows[0]?.errors ?? {});
  const errors = table(
    ["spectrum, noise", ...names, "winner"],
    rows.map(({ spectrum, noise, errors: own, winner }) => [
      `${spectrum}; ${100 * noise} %`,
      ...names.map((name) => short(own[name] ?? null)),
      winner,
    ]),
  );
  const wins = names
    .map((name) => [name, rows.filter(({ winner }) => winner === name).length] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
  return `Median relative error at ${NOISE.ahead} steps after the last of ${NOISE.points} points, over ${NOISE.trials} trajectories; noise as a share of the
trajectory's root mean square. Wins: ${wins}.

${errors}`;
}
