/** Estimates where the truth is a mean over minibatch orders. */
import { mean } from "../../lib/verify/measures.js";
import { KNOWABLE, meanCeiling, trustOf, type Wins, winsOver } from "../../lib/verify/summary.js";
import { table } from "../markdown.js";
import { fixed, present, problemsIn, rowsOf, short, type Verified } from "./columns.js";

const BASELINES = ["last()", "mean(10)"];

export function randomReport(results: readonly Verified[]): string {
  if (results.length === 0) return "";
  const orders = results.flatMap(({ verification }) => verification.truths.map((t) => t.orders));
  const [fewest, most] = [Math.min(...orders), Math.max(...orders)];
  return `### The truth is a mean over minibatch orders

${problemsIn(results)} The truth is the mean over ${fewest === most ? most : `${fewest} to ${most}`} orders;
the ceiling is how well one order's exact hypergradient agrees with the mean of the others. *Where knowable*: at places whose
ceiling is at least ${KNOWABLE}. *All* is the mean of the problems.

${randomTable(results)}

At how many places an estimator's cosine is above, and its error below, that of \`last()\`, and that of \`mean(10)\`:

${winsTable(results)}

Rank correlations (Spearman) over all these places:

${trustTable(results)}`;
}

function randomTable(results: readonly Verified[]): string {
  const rows = rowsOf(results, (own) => [
    ...own.flatMap((s) => [
      fixed(s?.cosine),
      fixed(s?.knowable),
      short(s?.error),
      short(s?.meanError),
    ]),
    fixed(mean(own.flatMap((s) => present(s?.cosine)))),
    fixed(mean(own.flatMap((s) => present(s?.knowable)))),
    short(mean(own.flatMap((s) => present(s?.meanError)))),
  ]);
  const ceilings = results.map(({ verification }) => meanCeiling(verification));
  const knowable = results.map(({ verification }) =>
    meanCeiling({
      truths: verification.truths.filter(({ ceiling }) => (ceiling ?? 0) >= KNOWABLE),
    }),
  );
  return table(
    [
      "estimator",
      ...results.flatMap(({ problem }) => [
        `${problem}: cosine`,
        "where knowable",
        "error, median",
        "mean",
      ]),
      "all: cosine",
      "where knowable",
      "error, mean",
    ],
    [...rows, ["*ceiling*", ...ceilings.flatMap((c, i) => [fixed(c), fixed(knowable[i]), "", ""])]],
  );
}

/** At how many places one is nearer than the two baselines. */
function winsTable(results: readonly Verified[]): string {
  const rows = rowsOf(results, (_, name) => {
    const beside = BASELINES.map((other) =>
      results.map(({ verification }) => winsOver(verification, name, other)),
    );
    const cell = (value: "cosine" | "error", of: (wins: readonly Wins[]) => readonly Wins[]) =>
      beside.map((wins) => total(of(wins), value)).join(", ");
    const cells = (of: (wins: readonly Wins[]) => readonly Wins[]) => [
      cell("cosine", of),
      cell("error", of),
    ];
    return [
      ...results.flatMap((_, i) => cells((wins) => wins.slice(i, i + 1))),
      ...cells((wins) => wins),
    ];
  });
  return table(
    [
      `nearer than ${BASELINES.join(", ")}`,
      ...results.flatMap(({ problem, verification }) => [
        `${problem} (of ${verification.truths.length}): cosine`,
        "error",
      ]),
      `all (of ${placesIn(results)}): cosine`,
      "error",
    ],
    rows,
  );
}

const total = (wins: readonly Wins[], value: "cosine" | "error") =>
  wins.reduce((sum, own) => sum + own[value], 0);

const placesIn = (results: readonly Verified[]) =>
  results.reduce((sum, { verification }) => sum + verification.truths.length, 0);

/** Of the estimators that say how far they trust themselves. */
function trustTable(results: readonly Verified[]): string {
  const verifications = results.map(({ verification }) => verification);
  const rows = rowsOf(results, (_, name) => {
    const { ceiling, cosine, count } = trustOf(verifications, name);
    return [fixed(ceiling), fixed(cosine), String(count)];
  });
  return table(
    ["confidence of", "with the ceiling", "with its cosine", "places"],
    rows.filter((row) => row.at(-1) !== "0"),
  );
}
