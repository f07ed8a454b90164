/** The comparison as a section of docs/estimators.md. */
import { machineLine } from "../machine.js";
import { table } from "../markdown.js";
import { deviation, mean } from "../statistics.js";
import { type MethodName, titleOf } from "./methods.js";
import { CHOICE, type Comparison, type Options, OUTER_RATES, type Row } from "./run.js";
import { SETTING } from "./train.js";

const percent = (share: number) => (100 * share).toFixed(2);

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

export function comparisonReport(options: Options, { rows, choices }: Comparison): string {
  const { steps, lr: rates, seeds, methods } = options;
  const of = (method: MethodName) => rows.filter((row) => row.method === method);
  const averages = methods.map((method) => {
    const own = of(method);
    const complete = own.length === rates.length * seeds.length;
    return complete && own.every((row) => !row.diverged) ? mean(own.map((r) => r.accuracy)) : null;
  });
  const accuracies = table(
    [
      "method",
      ...rates.map((lr) => `lr ${lr}`),
      "all",
      "seconds",
      "processor seconds",
      "fallbacks",
    ],
    methods.map((method, i) => {
      const own = of(method);
      const average = averages[i];
      const over = (f: (row: Row) => number, digits: number) =>
        own.length === 0 ? "–" : mean(own.map(f)).toFixed(digits);
      return [
        titleOf(method),
        ...rates.map((lr) =>
          cell(
            own.filter((row) => row.lr === lr),
            seeds.length,
          ),
        ),
        average === null || average === undefined ? "–" : percent(average),
        over((row) => row.seconds, 0),
        over((row) => row.processorSeconds, 0),
        over((row) => row.fallbacks, 1),
      ];
    }),
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
  return `\`npm run bench -- comparison --steps ${steps}\` (it trains only what \`bench/results/comparison.jsonl\` does not have)

LeNet on Fashion-MNIST, ${steps} steps, batches of ${batch}, ${validation} validation images, windows of ${window}; momentum starts at
${momentum}, weight decay at ${weightDecay.toExponential()}, learned with the learning rate through the logistic sigmoid by Adam. Test accuracy in per cent after the
last step, mean ± standard deviation over ${seeds.length} seeds. Seconds are means of one training, on the wall and of all its
threads, with others at work on the machine: the latter compare better.

${accuracies}

The outer learning rate of each method, by the validation loss at initial rate ${CHOICE.lr}, seed ${CHOICE.seed}:

${grid}

Trained on:

${machines.map((line) => `* ${line}`).join("\n")}`;
}
