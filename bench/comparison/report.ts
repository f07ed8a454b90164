/** The comparison as a section of docs/estimators.md. */
import { machineLine } from "../machine.js";
import { table } from "../markdown.js";
import { deviation, mean } from "../statistics.js";
import { type MethodName, titleOf } from "./methods.js";
import { CHOICE, type Comparison, type Options, OUTER_RATES, type Row } from "./run.js";
import { SETTING } from "./train.js";

const percent = (share: number) => (100 * share).toFixed(2);
const percentOrNone = (share: number | null | undefined) =>
  share === null || share === undefined ? "–" : percent(share);

/** Mean ± standard deviation in per cent; what diverged is counted, not averaged. */
function cell(rows: readonly Row[], seeds: number): string {
  const ended = rows.filter((row) => !row.diverged).map((row) => row.accuracy);
  const lost = rows.length - ended.length;
  const few = rows.length < seeds ? ` (${rows.length} of ${seeds} seeds)` : "";
  const failed = lost > 0 ? ` (${lost} diverged)` : "";
  if (ended.length === 0) return rows.length === 0 ? "–" : `all ${lost} diverged`;
  const spread = ended.length > 1 ? ` ± ${percent(deviation(ended))}` : "";
  return `${percent(mean(ended))}${spread}${failed}${few}`;
}

/** What trainings took, and how they went: seconds of those that came to their end, the rest of all. */
function courses(methods: readonly MethodName[], of: (method: MethodName) => readonly Row[]) {
  const average = (rows: readonly Row[], value: (row: Row) => number, digits: number) =>
    rows.length === 0 ? "–" : mean(rows.map(value)).toFixed(digits);
  return table(
    [
      "method",
      "seconds",
      "processor seconds",
      "complete",
      "fallbacks",
      "rewinds",
      "candidates taken",
    ],
    methods.map((method) => {
      const rows = of(method);
      const complete = rows.filter((row) => !row.diverged);
      return [
        titleOf(method),
        average(complete, (row) => row.seconds, 0),
        average(complete, (row) => row.processorSeconds, 0),
        `${complete.length} of ${rows.length}`,
        average(rows, (row) => row.fallbacks, 1),
        average(rows, (row) => row.rewinds ?? 0, 1),
        chosenIn(rows),
      ];
    }),
  );
}

/** How often each candidate was taken, most often first. */
function chosenIn(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const [name, count] of rows.flatMap(({ chosen }) => Object.entries(chosen)))
    counts.set(name, (counts.get(name) ?? 0) + count);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([name, count]) => `${name} ${count}`).join(", ") || "–";
}

export function comparisonReport(options: Options, { rows, choices }: Comparison): string {
  const { steps, lr: rates, seeds, methods } = options;
  const of = (method: MethodName) => rows.filter((row) => row.method === method);
  const averages = methods.map((method) => {
    const own = of(method);
    const complete = own.length === rates.length * seeds.length;
    return complete && own.every((row) => !row.diverged) ? mean(own.map((r) => r.accuracy)) : null;
  });
  const accuracies = table(
    ["method", ...rates.map((lr) => `lr ${lr}`), "all"],
    methods.map((method, i) => [
      titleOf(method),
      ...rates.map((lr) =>
        cell(
          of(method).filter((row) => row.lr === lr),
          seeds.length,
        ),
      ),
      percentOrNone(averages[i]),
    ]),
  );
  const learned = methods.filter((method) => method !== "none");
  const grid = table(
    ["method", ...OUTER_RATES.map((rate) => `outer rate ${rate}`), "chosen"],
    learned.map((method) => {
      const losses = OUTER_RATES.map((rate) => {
        const row = choices.find((r) => r.method === method && r.outerRate === rate);
        return row ? (row.diverged ? "diverged" : row.validationLoss.toFixed(4)) : "–";
      });
      return [titleOf(method), ...losses, String(of(method)[0]?.outerRate ?? "–")];
    }),
  );
  const machines = [
    ...new Set(rows.map((r) => machineLine(r.machine, [`${r.threads} thread(s) a training`]))),
  ];
  const { batch, validation, window, momentum, weightDecay } = SETTING;
  return `\`npm run bench -- comparison --steps ${steps}\` (it trains only what \`bench/results/comparison.jsonl\` does not have. A row is
known by its setting, not by the code that trained it: delete those that a change concerns, and they are trained again)

LeNet on Fashion-MNIST, ${steps} steps, batches of ${batch}, ${validation} validation images, windows of ${window}; momentum starts at
${momentum}, weight decay at ${weightDecay.toExponential()}, learned with the learning rate through the logistic sigmoid by Adam. Test accuracy in per cent after the
last step, mean ± standard deviation over ${seeds.length} seeds; where some diverged, of those
that did not, which says too much of the method.

${accuracies}

Means of one training: seconds on the wall and of all its threads, with others at work on the machine, so that the latter
compare better, both of *complete* trainings alone; fallbacks and rewinds of all. Candidates of the ladder by the windows, of all
trainings, in which they were taken.

${courses(methods, of)}

The outer learning rate of each method, by the validation loss at initial rate ${CHOICE.lr}, seed ${CHOICE.seed}:

${grid}

Trained on:

${machines.map((line) => `* ${line}`).join("\n")}`;
}
