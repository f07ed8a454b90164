/** What an optimizer may be configured with: a constant, or something that a study learns. */
import type { HostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";

/** A learned hyperparameter: stored unconstrained, used through a differentiable constraint. */
export interface Hyperparameter {
  /** The constraint's name, e.g. "sigmoid". */
  readonly constraint: string;
  /** Initial value, as it is used (after the constraint). */
  readonly initial: number | HostArray;
  /** From the unconstrained value to the one that is used. */
  constrain(raw: Tensor): Tensor;
  /** The same on a number, and its inverse. */
  value(raw: number): number;
  unconstrain(value: number): number;
}

export function isHyperparameter(x: unknown): x is Hyperparameter {
  return typeof x === "object" && x !== null && "constrain" in x && "unconstrain" in x;
}

/** A setting that may be learned. */
export type Setting = number | Hyperparameter;
