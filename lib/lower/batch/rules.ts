/**
 * What primitives do to a batch: whether their result has one row for each example, or is a sum over
 * examples, when operands have examples along axis 0.
 */
import type { Attrs, Tensor } from "../../ir/graph.js";
import type { Shape } from "../../ir/types.js";
import { broadcastPrimitive, sumPrimitive } from "../../ops/broadcast.js";
import { castPrimitive, fullPrimitive } from "../../ops/constant.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../../ops/conv.js";
import { elementwisePrimitive } from "../../ops/elementwise.js";
import { gatherPrimitive, scatterAddPrimitive } from "../../ops/index-rows.js";
import { matmulPrimitive } from "../../ops/matmul.js";
import {
  avgPoolGradPrimitive,
  avgPoolPrimitive,
  maxPoolGradPrimitive,
  maxPoolPrimitive,
  maxPoolTangentPrimitive,
} from "../../ops/pool.js";
import { argmaxPrimitive, reduceMaxPrimitive } from "../../ops/reduce.js";
import {
  concatPrimitive,
  padPrimitive,
  reshapePrimitive,
  slicePrimitive,
  transposePrimitive,
} from "../../ops/shape.js";

/** How a node can be computed for some of the examples at a time. */
export interface BatchRule {
  /** One row of the result for each example, or a sum over them. */
  readonly result: "rows" | "sum";
  /** For each operand: rows of it belong to the same examples, or every example needs all of it. */
  readonly operands: readonly ("rows" | "whole")[];
  /** The node's attributes for another number of examples. */
  attrs(examples: number): Attrs;
}

type Rule = (node: Tensor) => BatchRule | undefined;

const rows = (node: Tensor, attrs?: BatchRule["attrs"]): BatchRule => ({
  result: "rows",
  operands: node.inputs.map(() => "rows"),
  attrs: attrs ?? (() => node.attrs),
});
const sum = (node: Tensor): BatchRule => ({ ...rows(node), result: "sum" });
const first = (node: Tensor): BatchRule => ({
  ...rows(node),
  operands: node.inputs.map((_, i) => (i === 0 ? "rows" : "whole")),
});

/** The node's attributes with another length of axis 0 in `shape`. */
const resized = (node: Tensor) => (examples: number) => ({
  ...node.attrs,
  shape: [examples, ...(node.attrs.shape as Shape).slice(1)],
});

const keepsFirstAxis = (node: Tensor) =>
  node.inputs.every((x) => x.shape.length > 0 && x.shape[0] === node.shape[0]);

/** A product of matrices: examples are rows of the left one, or the axis that is summed over, or leading matrices of both. */
function matmul(node: Tensor): BatchRule | undefined {
  const [x, y] = node.inputs as [Tensor, Tensor];
  const { transA, transB } = node.attrs as { transA: boolean; transB: boolean };
  const rank = node.shape.length;
  if (rank === 2) {
    if (transA) return transB ? undefined : sum(node);
    return first(node);
  }
  // A lower rank means that every example meets the same matrices.
  const along = (operand: Tensor) =>
    operand.shape.length === rank && operand.shape[0] === node.shape[0] ? "rows" : "whole";
  return { ...rows(node), operands: [along(x), along(y)] };
}

const rules = new Map<unknown, Rule>([
  [castPrimitive, (node) => rows(node)],
  [fullPrimitive, (node) => rows(node, resized(node))],
  [reshapePrimitive, (node) => (keepsFirstAxis(node) ? rows(node, resized(node)) : undefined)],
  [
    broadcastPrimitive,
    (node) => {
      const [x] = node.inputs as [Tensor];
      const stretched = x.shape.length < node.shape.length || x.shape[0] !== node.shape[0];
      const operands = [stretched ? ("whole" as const) : ("rows" as const)];
      return { ...rows(node, resized(node)), operands };
    },
  ],
  [transposePrimitive, (node) => (node.attrs.perm[0] === 0 ? rows(node) : undefined)],
  [
    slicePrimitive,
    (node) => {
      if (!keepsFirstAxis(node)) return undefined;
      return rows(node, (examples) => ({
        ...node.attrs,
        limit: [examples, ...(node.attrs.limit as number[]).slice(1)],
      }));
    },
  ],
  [padPrimitive, (node) => (keepsFirstAxis(node) ? rows(node) : undefined)],
  [concatPrimitive, (node) => (node.attrs.axis !== 0 ? rows(node) : undefined)],
  [sumPrimitive, (node) => ((node.attrs.axes as number[]).includes(0) ? sum(node) : rows(node))],
  [reduceMaxPrimitive, (node) => (node.attrs.axis !== 0 ? rows(node) : undefined)],
  [argmaxPrimitive, (node) => (node.attrs.axis !== 0 ? rows(node) : undefined)],
  [matmulPrimitive, matmul],
  [conv2dPrimitive, first],
  [conv2dInputGradPrimitive, first],
  [conv2dFilterGradPrimitive, sum],
  [avgPoolPrimitive, (node) => rows(node)],
  [avgPoolGradPrimitive, (node) => rows(node)],
  [maxPoolPrimitive, (node) => rows(node)],
  [maxPoolGradPrimitive, (node) => rows(node)],
  [maxPoolTangentPrimitive, (node) => rows(node)],
  [gatherPrimitive, (node) => ({ ...rows(node), operands: ["whole", "rows"] })],
  [scatterAddPrimitive, sum],
]);

/** How `node` treats a batch along axis 0 of those operands that the rule takes by rows; undefined when it needs all examples at once. */
export function batchRule(node: Tensor): BatchRule | undefined {
  if (elementwisePrimitive(node.primitive)) return rows(node);
  return rules.get(node.primitive)?.(node);
}
