/** `config.json`: everything that defines a run. */

import type { Dataset } from "../data/index.js";
import { ESTIMATORS } from "./estimators.js";
import type { DeviceReport } from "./library.js";
import type { RunSettings } from "./settings.js";
import { packageVersion } from "./version.js";

export interface RunFacts {
  readonly settings: RunSettings;
  readonly data: Dataset;
  readonly startedAt: Date;
  readonly devices: readonly DeviceReport[];
}

export function runConfig({ settings, data, startedAt, devices }: RunFacts): object {
  const { recipe, seed, steps, batch, validation, evaluateEvery, onDivergence } = settings;
  const { estimator } = settings;
  return {
    recipe,
    seed,
    steps,
    batch,
    validation,
    evaluateEvery,
    rewinds: settings.rewinds ?? null,
    onDivergence,
    data: {
      name: data.name,
      source: data.source ?? null,
      train: data.train.y.data.length,
      test: data.test.y.data.length,
    },
    inner: {
      optimizer: "sgd",
      lr: settings.lr,
      momentum: settings.momentum,
      weightDecay: settings.weightDecay,
      constraint: estimator === "none" ? null : "sigmoid",
    },
    outer: { optimizer: "adam", lr: settings.outerLr },
    hypergradient: {
      estimator,
      ...Object.fromEntries(
        ESTIMATORS[estimator].uses
          .filter((option) => settings[option] !== undefined)
          .map((option) => [option, settings[option]]),
      ),
    },
    criterion: { subset: settings.criterionSubset ?? null },
    device: {
      requested: settings.device,
      precision: settings.precision,
      threads: settings.threads ?? null,
      found: devices,
    },
    versions: {
      glocal: packageVersion(),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    startedAt: startedAt.toISOString(),
  };
}
