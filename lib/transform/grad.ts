/** `grad`, `valueAndGrad` and `jvp` of functions over trees of tensors, inside a trace. */
import { GlocalError } from "../errors.js";
import type { Tensor } from "../ir/graph.js";
import { flatten } from "../ir/tree.js";
import { formatType, isFloat, sameShape } from "../ir/types.js";
import { alias, full } from "../ops/constant.js";
import { isTensor, outputLeaves } from "../trace/trace.js";
import { pullback, pushforward } from "./derivative.js";

// biome-ignore lint/suspicious/noExplicitAny: a user's function over trees; the public wrappers type it.
export type TreeFunction = (...args: any[]) => any;

/** Replaces an argument by aliases, so that closures over the same tensors count as constants. */
function asVariables(tree: unknown): {
  tree: unknown;
  leaves: Tensor[];
  rebuild: (leaves: readonly unknown[]) => unknown;
} {
  const [leaves, def] = flatten(tree, isTensor);
  const variables = leaves.map(alias);
  return { tree: def.rebuild(variables), leaves: variables, rebuild: (ls) => def.rebuild(ls) };
}

function checkDifferentiable(leaves: readonly Tensor[], what: string): void {
  const bad = leaves.find((x) => !isFloat(x.dtype));
  if (bad)
    throw new GlocalError("GLOCAL_DERIVATIVE", {
      expected: `${what} of floating dtype`,
      received: formatType(bad.type),
      hint: "Cast it to float32 or float64, or pass it as another argument.",
    });
}

/** The value of a scalar function and its gradient with respect to argument `argnum`. */
export function tracedValueAndGrad(
  f: TreeFunction,
  args: readonly unknown[],
  argnum: number,
): [Tensor, unknown] {
  const { tree, leaves, rebuild } = asVariables(args[argnum]);
  checkDifferentiable(leaves, "arguments to differentiate by");
  const [outputs] = outputLeaves(f(...args.map((a, i) => (i === argnum ? tree : a))));
  const [value] = outputs;
  if (!value || outputs.length !== 1 || value.shape.length > 0 || !isFloat(value.dtype))
    throw new GlocalError("GLOCAL_DERIVATIVE", {
      expected: "a function that returns one floating scalar",
      received: outputs.map((y) => formatType(y.type)).join(" and ") || "nothing",
      hint: "Reduce it with sum or mean, or use jvp.",
    });
  const cotangents = pullback([value], [full([], 1, value.dtype)], leaves);
  const gradient = leaves.map((x, i) => cotangents[i] ?? full(x.shape, 0, x.dtype));
  return [value, rebuild(gradient)];
}

/** The value of a function at `primals` and its directional derivative along `tangents`. */
export function tracedJvp(
  f: TreeFunction,
  primals: readonly unknown[],
  tangents: readonly unknown[],
): [unknown, unknown] {
  const { tree, leaves } = asVariables([...primals]);
  checkDifferentiable(leaves, "primals");
  const [directions] = flatten([...tangents], isTensor);
  const fits =
    directions.length === leaves.length &&
    directions.every((t, i) => {
      const x = leaves[i] as Tensor;
      return sameShape(t.shape, x.shape) && t.dtype === x.dtype;
    });
  if (!fits)
    throw new GlocalError("GLOCAL_BAD_SHAPE", {
      expected: `tangents like the primals: ${leaves.map((x) => formatType(x.type)).join(", ")}`,
      received: directions.map((t) => formatType(t.type)).join(", ") || "none",
    });
  const [outputs, def] = outputLeaves(f(...(tree as unknown[])));
  const seeds = new Map(leaves.map((x, i) => [x, directions[i] as Tensor]));
  const pushed = pushforward(outputs, seeds);
  const tangentLeaves = outputs.map((y, i) => pushed[i] ?? full(y.shape, 0, y.dtype));
  return [def.rebuild(outputs), def.rebuild(tangentLeaves)];
}
