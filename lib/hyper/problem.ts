/** A bilevel problem as the user states it, and the traced functions that a study needs of it. */
import { GlocalError } from "../errors.js";
import { array, dtypeOf, type HostArray, isHostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { type FloatDType, formatType, isFloat, sameShape, type Type } from "../ir/types.js";
import { isTensor, outputLeaves } from "../trace/trace.js";
import { HyperSpace } from "./hyper-space.js";

/** What a step may depend on besides state, hyperparameters and batch. */
export interface StepContext {
  /** Inner steps done before this one: an int32 scalar. */
  readonly step: Tensor;
  /** Two int32 words, seed and step, for `ops.uniform` and its kin; the same in replay and in all lanes. */
  readonly key: Tensor;
  /** True in a step, false in a criterion. */
  readonly train: boolean;
  /** Reports a scalar of this step; "loss" is what the windows and the divergence guard look at. */
  report(name: "loss", value: Tensor): void;
}

// biome-ignore lint/suspicious/noExplicitAny: trees that the user shapes; `bilevel` types them for callers.
type AnyTree = any;

export interface ProblemFunctions {
  /** One inner step (Θ): the next state, a tree like `state`. */
  step(state: AnyTree, hyper: AnyTree, batch: AnyTree, context: StepContext): AnyTree;
  /** Per-example losses [examples]; the criterion is their mean over the validation data. */
  criterion(state: AnyTree, hyper: AnyTree, batch: AnyTree, context: StepContext): Tensor;
}

/** The problem with its trees taken apart. */
export class Problem {
  readonly initial: readonly HostArray[];
  readonly stateDef: TreeDef;
  readonly stateTypes: readonly Type[];
  readonly hyper: HyperSpace;
  /** Of every floating value in the problem. */
  readonly dtype: FloatDType;

  constructor(
    state: unknown,
    hyper: unknown,
    readonly functions: ProblemFunctions,
  ) {
    const [initial, stateDef] = flatten(state, isHostArray);
    this.initial = initial.map(({ data, shape }) => array(data, shape));
    this.stateDef = stateDef;
    this.stateTypes = this.initial.map(({ data, shape }) => ({
      dtype: dtypeOf(data),
      shape,
      laned: false,
    }));
    const floats = new Set(this.stateTypes.map((t) => t.dtype).filter(isFloat));
    if (floats.size !== 1)
      throw new GlocalError("GLOCAL_BAD_DTYPE", {
        expected: "a state whose floating leaves share one dtype, float32 or float64",
        received: [...floats].join(" and ") || "no floating leaf",
      });
    this.dtype = [...floats][0] as FloatDType;
    this.hyper = new HyperSpace(hyper);
  }

  /** Types of the unconstrained hyperparameters. */
  get hyperTypes(): Type[] {
    return this.hyper.leaves.map(({ shape }) => ({ dtype: this.dtype, shape, laned: false }));
  }

  /** One traced step: the next state's leaves and the reported loss. */
  step(
    state: readonly Tensor[],
    raw: readonly Tensor[],
    batch: unknown,
    context: { step: Tensor; key: Tensor },
  ): { state: Tensor[]; loss: Tensor | undefined } {
    let loss: Tensor | undefined;
    const report = (name: "loss", value: Tensor) => {
      loss = this.checkReport(name, value);
    };
    const next = this.functions.step(
      this.stateDef.rebuild(state),
      this.hyper.constrained(raw, this.dtype),
      batch,
      { ...context, train: true, report },
    );
    const [leaves, def] = flatten(next, isTensor);
    this.checkState(leaves, def);
    return { state: leaves, loss };
  }

  /** Traced per-example losses. */
  criterion(
    state: readonly Tensor[],
    raw: readonly Tensor[],
    batch: unknown,
    context: { step: Tensor; key: Tensor },
    rows: number,
  ): Tensor {
    const losses = this.functions.criterion(
      this.stateDef.rebuild(state),
      this.hyper.constrained(raw, this.dtype),
      batch,
      { ...context, train: false, report: () => {} },
    );
    const [[loss], { size }] = outputLeaves(losses);
    if (size !== 1 || !loss || !sameShape(loss.shape, [rows]) || loss.dtype !== this.dtype)
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `a criterion that returns one ${this.dtype} loss per example, [${rows}]`,
        received: loss ? formatType(loss.type) : "nothing",
        hint: "Return the losses themselves; their mean over the validation data is taken for you.",
      });
    return loss;
  }

  private checkReport(name: unknown, value: unknown): Tensor {
    if (name !== "loss")
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: 'context.report("loss", …)',
        received: JSON.stringify(name),
      });
    if (!isTensor(value) || value.shape.length > 0 || value.dtype !== this.dtype)
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `a ${this.dtype} scalar as the reported loss`,
        received: isTensor(value) ? formatType(value.type) : String(value),
      });
    return value;
  }

  private checkState(leaves: readonly Tensor[], def: TreeDef): void {
    const fits =
      def.paths.join("|") === this.stateDef.paths.join("|") &&
      leaves.every((x, i) => {
        const t = this.stateTypes[i] as Type;
        return x.dtype === t.dtype && sameShape(x.shape, t.shape);
      });
    if (fits) return;
    const describe = (paths: readonly string[], types: readonly Type[]) =>
      paths.map((p, i) => `${p} ${formatType(types[i] as Type)}`).join(", ");
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `a step that returns a state like the one it was given: ${describe(this.stateDef.paths, this.stateTypes)}`,
      received: describe(
        def.paths,
        leaves.map((x) => x.type),
      ),
    });
  }
}
