/** Adam (Kingma & Ba, 2015). */
import { Tensor } from "../ir/graph.js";
import { cast, full } from "../ops/constant.js";
import { add, div, mul, pow, sqrt, square, sub } from "../ops/elementwise.js";
import type { Setting } from "./hyperparameter.js";
import type { Optimizer } from "./optimizer.js";
import { checkSettings } from "./settings.js";

export interface AdamOptions {
  /** Learning rate, from 0. Default 0.001. */
  readonly lr?: Setting;
  /** Decay of the mean of gradients, from 0 to below 1. Default 0.9. */
  readonly beta1?: Setting;
  /** Decay of the mean of squared gradients, from 0 to below 1. Default 0.999. */
  readonly beta2?: Setting;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: Setting;
  /** Coupled (L2 in the gradient), from 0. Default 0. */
  readonly weightDecay?: Setting;
}

const UNBOUNDED = Number.POSITIVE_INFINITY;

const SETTINGS = {
  lr: { default: 0.001, least: 0, below: UNBOUNDED },
  beta1: { default: 0.9, least: 0, below: 1 },
  beta2: { default: 0.999, least: 0, below: 1 },
  epsilon: { default: 1e-8, least: 0, below: UNBOUNDED },
  weightDecay: { default: 0, least: 0, below: UNBOUNDED },
};

/**
 * m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − lr·m̂ / (√v̂ + ε), with
 * m̂ = m / (1−β₁ᵗ), v̂ = v / (1−β₂ᵗ) (as torch.optim.Adam and optax.adam).
 *
 * @throws GLOCAL_BAD_OPTION for unknown or impossible settings
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const hyper = checkSettings("adam", { ...options }, SETTINGS);
  return {
    name: "adam",
    hyper,
    buffers: ["mean", "square"],
    update({ params, grads, state, hyper: settings, step }) {
      const { lr, beta1, beta2, epsilon, weightDecay } = settings as Record<
        keyof AdamOptions,
        Tensor | number
      >;
      const results = params.map((p, i) => {
        const scalar = (x: Tensor | number) => (x instanceof Tensor ? x : full([], x, p.dtype));
        const count = add(cast(step, p.dtype), 1);
        const correction = (beta: Tensor | number) => sub(1, pow(scalar(beta), count));
        const blend = (old: Tensor, fresh: Tensor, beta: Tensor | number) =>
          add(mul(old, beta), mul(fresh, sub(1, scalar(beta))));
        const g = add(grads[i] as Tensor, mul(p, weightDecay));
        const mean = blend(state.mean?.[i] as Tensor, g, beta1);
        const second = blend(state.square?.[i] as Tensor, square(g), beta2);
        const scale = add(sqrt(div(second, correction(beta2))), epsilon);
        const moved = sub(p, mul(div(div(mean, correction(beta1)), scale), lr));
        return { moved, mean, second };
      });
      return {
        params: results.map((r) => r.moved),
        state: { mean: results.map((r) => r.mean), square: results.map((r) => r.second) },
      };
    },
  };
}
