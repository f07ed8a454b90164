/** What `glocal run` was asked to do: options, the recipe's defaults and what must fit together. */

import { RECIPES, type RecipeDefaults } from "./recipes.js";
import { UsageError } from "./usage-error.js";

export const ESTIMATORS = ["none", "local", "global", "glocal"] as const;
export const DEVICES = ["auto", "cpu", "cuda"] as const;
export const PRECISIONS = ["float32", "tf32"] as const;
export const ON_DIVERGENCE = ["throw", "record"] as const;

/** Options as they come from the command line; what is absent is the recipe's. */
export interface RunOptions extends Partial<RecipeDefaults> {
  readonly seed: number;
  readonly estimator: (typeof ESTIMATORS)[number];
  readonly device: (typeof DEVICES)[number];
  readonly precision: (typeof PRECISIONS)[number];
  readonly threads?: number;
  readonly onDivergence: (typeof ON_DIVERGENCE)[number];
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export interface RunSettings extends RecipeDefaults, Omit<RunOptions, keyof RecipeDefaults> {
  readonly recipe: string;
}

/** Fills in the recipe's defaults. Throws UsageError when the options contradict each other. */
export function settingsFor(recipe: string, options: RunOptions): RunSettings {
  const defaults = RECIPES[recipe]?.defaults as RecipeDefaults;
  const settings = { ...defaults, ...options, recipe };
  if (settings.estimator === "none") return settings;

  for (const [flag, value] of [
    ["--lr", settings.lr],
    ["--momentum", settings.momentum],
    ["--weight-decay", settings.weightDecay],
  ] as const) {
    if (value > 0 && value < 1) continue;
    throw new UsageError(
      `${flag} is learned through a sigmoid, so it has to begin strictly between 0 and 1, not at ${value}. Use --estimator none to keep it fixed.`,
    );
  }
  if (settings.estimator !== "glocal") return settings;

  if (settings.last > settings.window) {
    throw new UsageError(
      `--last ${settings.last} asks for more hypergradients than --window ${settings.window} has steps.`,
    );
  }
  if (settings.last < settings.stacks + 2) {
    throw new UsageError(
      `--last ${settings.last} is too short for --stacks ${settings.stacks}: it takes at least ${settings.stacks + 2} hypergradients.`,
    );
  }
  return settings;
}
