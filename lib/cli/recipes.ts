/** The experiments that `glocal run` knows by name. A new one is an entry here. */

import { type Dataset, datasets } from "../data/index.js";
import type { Surroundings } from "../data/locate.js";
import type { Model } from "../nn/model.js";
import type { Library } from "./library.js";

export interface RecipeDefaults {
  readonly steps: number;
  readonly batch: number;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly outerLr: number;
  readonly window: number;
  readonly last: number;
  readonly stacks: number;
  readonly validation: number;
  readonly evaluateEvery: number;
}

export interface Recipe {
  /** One line for the help. */
  readonly summary: string;
  load(dir: string | undefined, surroundings: Surroundings): Promise<Dataset>;
  model(library: Library): Model;
  readonly defaults: RecipeDefaults;
}

/** The setting of the paper, cut to about two minutes on two slow processor cores. */
export const LENET_DEFAULTS: RecipeDefaults = {
  steps: 3000,
  batch: 128,
  lr: 0.01,
  momentum: 0.9,
  weightDecay: 1e-4,
  outerLr: 0.05,
  window: 50,
  last: 10,
  stacks: 4,
  validation: 0.1,
  evaluateEvery: 500,
};

export const RECIPES: Readonly<Record<string, Recipe>> = {
  "lenet-mnist": {
    summary: "LeNet on MNIST, handwritten digits",
    load: (dir, surroundings) => datasets.mnist({ dir }, surroundings),
    model: ({ nn }) => nn.lenet(),
    defaults: LENET_DEFAULTS,
  },
  "lenet-fashion": {
    summary: "LeNet on Fashion-MNIST, pictures of clothes",
    load: (dir, surroundings) => datasets.fashionMnist({ dir }, surroundings),
    model: ({ nn }) => nn.lenet(),
    defaults: LENET_DEFAULTS,
  },
};
