/** The learned hyperparameters of a study as one vector φ: where each lies in it, and what it is worth. */
import { GlocalError } from "../errors.js";
import { isHostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { type FloatDType, type Shape, sizeOf } from "../ir/types.js";
import { full } from "../ops/constant.js";
import { type Hyperparameter, isHyperparameter, type Setting } from "../optim/hyperparameter.js";
import type { HyperValue } from "./types.js";

export interface HyperLeaf {
  readonly path: string;
  readonly shape: Shape;
  readonly parameter: Hyperparameter;
  /** First entry in φ, and how many. */
  readonly offset: number;
  readonly size: number;
}

/** In φ: differences over it tell a slope to some ten digits. */
const NEARBY = 1e-5;

const isSetting = (x: unknown): x is Setting => typeof x === "number" || isHyperparameter(x);

export class HyperSpace {
  /** The learned ones, in order. */
  readonly leaves: readonly HyperLeaf[];
  /** q: entries of φ, and lanes of tangents. */
  readonly size: number;
  private readonly settings: readonly Setting[];
  private readonly def: TreeDef;

  /** @throws GLOCAL_TRACE when the tree holds something that is neither a number nor a learned hyperparameter */
  constructor(tree: unknown) {
    [this.settings, this.def] = flatten(tree, isSetting);
    const leaves: HyperLeaf[] = [];
    let offset = 0;
    this.settings.forEach((setting, i) => {
      if (typeof setting === "number") return;
      const { initial } = setting;
      const shape = isHostArray(initial) ? initial.shape : [];
      const path = this.def.paths[i] as string;
      leaves.push({ path, shape, parameter: setting, offset, size: sizeOf(shape) });
      offset += sizeOf(shape);
    });
    this.leaves = leaves;
    this.size = offset;
  }

  /** φ at the start: unconstrained initial values. */
  initial(): Float64Array {
    const phi = new Float64Array(this.size);
    for (const { parameter, offset, size } of this.leaves) {
      const { initial } = parameter;
      for (let i = 0; i < size; i++) {
        const value = isHostArray(initial) ? (initial.data[i] as number) : initial;
        phi[offset + i] = parameter.unconstrain(value);
      }
    }
    return phi;
  }

  /** The tree that a traced step sees: constrained values, with constants filled in. */
  constrained(raw: readonly Tensor[], dtype: FloatDType): unknown {
    let next = 0;
    return this.def.rebuild(
      this.settings.map((s) =>
        typeof s === "number" ? full([], s, dtype) : s.constrain(raw[next++] as Tensor),
      ),
    );
  }

  /** Values as they are used, by path. */
  values(phi: Float64Array): Record<string, HyperValue> {
    return this.named(phi, (raw, { parameter }) => parameter.value(raw));
  }

  /**
   * How far each entry of φ goes, to first order, for a change of its value by that value's own size; for one near a bound no
   * farther than φ's own size, or 1. 0 where the value is.
   */
  scales(phi: Float64Array): Float64Array {
    const scales = new Float64Array(this.size);
    for (const { parameter, offset, size } of this.leaves)
      for (let i = offset; i < offset + size; i++) {
        const raw = phi[i] as number;
        const slope =
          (parameter.value(raw + NEARBY) - parameter.value(raw - NEARBY)) / (2 * NEARBY);
        const value = parameter.value(raw);
        const own = value === 0 ? 0 : Math.abs(value / slope);
        scales[i] = Math.min(own, Math.max(1, Math.abs(raw)));
      }
    return scales;
  }

  /** A vector like φ, by path. */
  named(
    vector: Float64Array,
    map: (entry: number, leaf: HyperLeaf) => number = (entry) => entry,
  ): Record<string, HyperValue> {
    return Object.fromEntries(
      this.leaves.map((leaf) => {
        const part = [...vector.subarray(leaf.offset, leaf.offset + leaf.size)];
        const mapped = part.map((entry) => map(entry, leaf));
        return [leaf.path, leaf.shape.length === 0 ? (mapped[0] as number) : mapped];
      }),
    );
  }

  /** @throws GLOCAL_BAD_OPTION when nothing is learned but the estimator wants gradients */
  requireLearned(estimator: string): void {
    if (this.size === 0)
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `a learned hyperparameter for the ${estimator} estimator`,
        received: "constants only",
        hint: "Give one as learn.sigmoid(initial), or use none().",
      });
  }
}
