/** What `glocal run` was asked to do: options, the recipe's defaults and what must fit together. */

import type { DeviceOptions } from "../runtime/device.js";
import { type EstimatorName, type EstimatorOptions, usesOption } from "./estimators.js";
import { RECIPES, type RecipeDefaults } from "./recipes.js";
import { UsageError } from "./usage-error.js";

export const PRECISIONS = ["float32", "tf32"] as const;
export const ON_DIVERGENCE = ["throw", "record"] as const;

/** Options as they come from the command line; what is absent is the recipe's. */
export interface RunOptions extends Partial<RecipeDefaults> {
  readonly seed: number;
  readonly estimator: EstimatorName;
  readonly tangents?: EstimatorOptions["tangents"];
  readonly clip?: number;
  /** Validation examples that hypergradients see, drawn for each window; all without it. */
  readonly criterionSubset?: number;
  readonly device: NonNullable<DeviceOptions["device"]>;
  readonly precision: (typeof PRECISIONS)[number];
  readonly threads?: number;
  /** Most times that a window in which training diverges begins again. */
  readonly rewinds?: number;
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
  const { estimator, tangents, clip, last } = settings;
  if (tangents !== undefined && tangents !== "reset" && !usesOption(estimator, "tangents"))
    throw new UsageError(
      `--tangents ${tangents} is for estimators that go from window to window; --estimator ${estimator} carries nothing.`,
    );
  if (clip !== undefined && (tangents === undefined || tangents === "reset"))
    throw new UsageError("--clip shortens tangents that are carried: use it with --tangents.");
  if (estimator === "none") return settings;

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
  if (usesOption(estimator, "last") && last > settings.window) {
    throw new UsageError(
      `--last ${last} asks for more hypergradients than --window ${settings.window} has steps.`,
    );
  }
  if (usesOption(estimator, "stacks") && last < settings.stacks + 2) {
    throw new UsageError(
      `--last ${last} is too short for --stacks ${settings.stacks}: it takes at least ${settings.stacks + 2} hypergradients.`,
    );
  }
  return settings;
}
