/** Learned hyperparameters: an initial value and the constraint that keeps it meaningful. */
import { GlocalError } from "../errors.js";
import { array, type HostArray, isHostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { exp as expOf, logistic, softplus as softplusOf } from "../ops/elementwise.js";
import type { Hyperparameter } from "../optim/hyperparameter.js";

interface Constraint {
  readonly name: string;
  readonly range: string;
  allows(value: number): boolean;
  constrain(raw: Tensor): Tensor;
  value(raw: number): number;
  unconstrain(value: number): number;
}

function learned(constraint: Constraint, initial: number | HostArray): Hyperparameter {
  const values = isHostArray(initial) ? [...array(initial.data, initial.shape).data] : [initial];
  const bad = values.find(
    (v) => typeof v !== "number" || !Number.isFinite(v) || !constraint.allows(v),
  );
  if (bad !== undefined || values.length === 0)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `an initial value for learn.${constraint.name} ${constraint.range}`,
      received: String(bad),
    });
  const { name, allows: _, range: __, ...maps } = constraint;
  return { constraint: name, initial, ...maps };
}

/** Stays in (0, 1): 1 / (1 + exp(−raw)). The paper's choice for learning rate, momentum and weight decay. */
export function sigmoid(initial: number | HostArray): Hyperparameter {
  return learned(
    {
      name: "sigmoid",
      range: "strictly between 0 and 1",
      allows: (v) => v > 0 && v < 1,
      constrain: logistic,
      value: (raw) => 1 / (1 + Math.exp(-raw)),
      unconstrain: (v) => Math.log(v) - Math.log1p(-v),
    },
    initial,
  );
}

/** Stays above 0 and grows linearly: log(1 + exp(raw)). */
export function softplus(initial: number | HostArray): Hyperparameter {
  return learned(
    {
      name: "softplus",
      range: "above 0",
      allows: (v) => v > 0,
      constrain: softplusOf,
      value: (raw) => Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw))),
      unconstrain: (v) => v + Math.log(-Math.expm1(-v)),
    },
    initial,
  );
}

/** Stays above 0 and is learned in relative steps: exp(raw). */
export function exp(initial: number | HostArray): Hyperparameter {
  return learned(
    {
      name: "exp",
      range: "above 0",
      allows: (v) => v > 0,
      constrain: expOf,
      value: Math.exp,
      unconstrain: Math.log,
    },
    initial,
  );
}

/** Unconstrained. */
export function identity(initial: number | HostArray): Hyperparameter {
  const same = <T>(x: T) => x;
  return learned(
    {
      name: "identity",
      range: "that is finite",
      allows: () => true,
      constrain: same,
      value: same,
      unconstrain: same,
    },
    initial,
  );
}
