/** What the benchmarks train: the paper's LeNet on Fashion-MNIST, with the rivals' numbers where the paper states none. */
import {
  type Dataset,
  type Estimator,
  glocal,
  learn,
  local,
  nn,
  none,
  optim,
  type TuneOptions,
} from "../lib/index.js";
import { type PlaceRequest, placeOptions } from "./place.js";

export const METHODS = ["none", "local", "glocal"] as const;
export type Method = (typeof METHODS)[number];

export const SETTING = {
  batch: 128,
  validation: 6_000,
  window: 50,
  last: 10,
  stacks: 4,
  tolerance: 0.1,
  rcond: 1e-6,
  momentum: 0.9,
  weightDecay: 1e-4,
  outerRate: 0.1,
} as const;

/** Learning rate, momentum and weight decay. */
export const HYPERPARAMETERS = 3;

/** Hypergradients that each method takes at the end of a window. */
export const POINTS: Readonly<Record<Method, number>> = { none: 0, local: 1, glocal: SETTING.last };

function estimator(method: Method): Estimator {
  const { window, last, stacks, tolerance, rcond } = SETTING;
  if (method === "none") return none({ window });
  return method === "local"
    ? local({ window })
    : glocal.paper({ window, last, stacks, tolerance, rcond });
}

export interface Training extends PlaceRequest {
  readonly data: Dataset;
  readonly method: Method;
  readonly lr: number;
  readonly steps: number;
  readonly seed: number;
}

export function tuneOptions({ data, method, lr, steps, seed, ...place }: Training): TuneOptions {
  const model = nn.lenet();
  return {
    model,
    params: model.initialize(seed, "float32"),
    data,
    inner: optim.sgd({
      lr: learn.sigmoid(lr),
      momentum: learn.sigmoid(SETTING.momentum),
      weightDecay: learn.sigmoid(SETTING.weightDecay),
    }),
    outer: optim.adam({ lr: SETTING.outerRate }),
    hypergradient: estimator(method),
    validation: SETTING.validation,
    batchSize: SETTING.batch,
    steps,
    seed,
    ...placeOptions(place),
  };
}
