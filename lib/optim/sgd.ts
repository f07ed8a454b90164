/** Stochastic gradient descent. */
import type { Tensor } from "../ir/graph.js";
import { add, mul, sub } from "../ops/elementwise.js";
import type { Setting } from "./hyperparameter.js";
import type { Optimizer } from "./optimizer.js";
import { checkSettings } from "./settings.js";

export interface SgdOptions {
  /** Learning rate, from 0. */
  readonly lr: Setting;
  /** From 0 to below 1. Default 0. */
  readonly momentum?: Setting;
  /** Coupled (L2 in the gradient), on every parameter. From 0. Default 0. */
  readonly weightDecay?: Setting;
}

/** In the order in which reports name them. */
const SETTINGS = {
  lr: { least: 0, below: Number.POSITIVE_INFINITY },
  momentum: { default: 0, least: 0, below: 1 },
  weightDecay: { default: 0, least: 0, below: Number.POSITIVE_INFINITY },
};

/**
 * g ← ∇ℓ + weightDecay·θ;  v ← momentum·v + g;  θ ← θ − lr·v, both from the old θ;
 * no dampening, no Nesterov, v starts at zero (as torch.optim.SGD).
 *
 * @throws GLOCAL_BAD_OPTION for unknown, missing or impossible settings
 */
export function sgd(options: SgdOptions): Optimizer {
  const given = checkSettings("sgd", { ...options }, SETTINGS);
  const plain = given.momentum === 0;
  return {
    name: "sgd",
    hyper: given,
    buffers: plain ? [] : ["momentum"],
    update({ params, grads, state, hyper }) {
      const { lr, momentum, weightDecay } = hyper as Record<keyof SgdOptions, Tensor | number>;
      const velocity = params.map((p, i) => {
        const g = add(grads[i] as Tensor, mul(p, weightDecay));
        return plain ? g : add(mul(state.momentum?.[i] as Tensor, momentum), g);
      });
      return {
        params: params.map((p, i) => sub(p, mul(velocity[i] as Tensor, lr))),
        state: plain ? {} : { momentum: velocity },
      };
    },
  };
}
