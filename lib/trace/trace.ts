/** Runs a function on placeholders and keeps the graph of what it did. */
import { GlocalError } from "../errors.js";
import { Builder, finishGraph, type Graph, Tensor, withBuilder } from "../ir/graph.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import type { Type } from "../ir/types.js";
import { full, input } from "../ops/constant.js";

export interface InputSpec {
  readonly name: string;
  readonly type: Type;
}

/** Traces a function of a flat list of tensors. */
export function traceFlat(
  inputs: readonly InputSpec[],
  body: (xs: Tensor[]) => readonly Tensor[],
): Graph {
  const builder = new Builder();
  return withBuilder(builder, () => {
    const xs = inputs.map(({ name, type }, i) => input(type, i, name));
    const outputs = body(xs);
    if (outputs.some((y) => y.builder !== builder))
      throw new GlocalError("GLOCAL_TRACE", {
        expected: "results computed in this call",
        received: "a value that another trace produced",
        hint: "Pass it in as an argument instead of keeping it from an earlier call.",
      });
    return finishGraph(xs, outputs);
  });
}

export function isTensor(x: unknown): x is Tensor {
  return x instanceof Tensor;
}

const isOutputLeaf = (x: unknown): x is Tensor | number => isTensor(x) || typeof x === "number";

/** The leaves of what a traced function returned; numbers become constants. */
export function outputLeaves(result: unknown): [Tensor[], TreeDef] {
  if (result instanceof Promise || result === undefined)
    throw new GlocalError("GLOCAL_TRACE", {
      expected: "a traced function to return tensors, or objects or lists of them",
      received: result === undefined ? "undefined" : "a promise",
      hint: "Return the result, and keep the function synchronous.",
    });
  const [leaves, def] = flatten(result, isOutputLeaf);
  return [leaves.map((x) => (typeof x === "number" ? full([], x) : x)), def];
}
