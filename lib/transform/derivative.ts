/**
 * The two derivative transforms, on the graph being built: `pushforward`
 * carries tangents along it, `pullback` carries cotangents back. Both emit
 * into the same builder by calling each primitive's own rule, so they nest.
 * Absent tangents and cotangents are symbolic zeros and cost nothing.
 */
import { GlocalError } from "../errors.js";
import type { Tensor } from "../ir/graph.js";
import { atUserLine } from "../ir/origin.js";
import { isFloat } from "../ir/types.js";
import { add } from "../ops/elementwise.js";

/** Nodes on a path from `sources` to `targets`, in topological order, sources excluded. */
function pathsBetween(sources: ReadonlySet<Tensor>, targets: readonly Tensor[]): Tensor[] {
  const reaches = new Map<Tensor, boolean>();
  const visit = (root: Tensor): void => {
    const stack = [root];
    while (stack.length > 0) {
      const node = stack.at(-1) as Tensor;
      if (reaches.has(node)) {
        stack.pop();
      } else if (sources.has(node)) {
        reaches.set(node, true);
        stack.pop();
      } else {
        const pending = node.inputs.filter((x) => !reaches.has(x));
        if (pending.length > 0) stack.push(...pending);
        else {
          reaches.set(
            node,
            node.inputs.some((x) => reaches.get(x)),
          );
          stack.pop();
        }
      }
    }
  };
  for (const target of targets) visit(target);
  return [...reaches]
    .filter(([node, reached]) => reached && !sources.has(node))
    .map(([node]) => node)
    .sort((a, b) => a.id - b.id);
}

/**
 * Tangents of `outputs` from tangents of some nodes.
 *
 * @throws GLOCAL_LANES when a laned tangent meets a value that is laned itself: two directions at once
 */
export function pushforward(
  outputs: readonly Tensor[],
  seeds: ReadonlyMap<Tensor, Tensor>,
): (Tensor | null)[] {
  const tangents = new Map<Tensor, Tensor>(seeds);
  const laned = [...seeds.values()].some((t) => t.type.laned);
  for (const node of pathsBetween(new Set(seeds.keys()), outputs)) {
    if (laned && node.type.laned)
      throw new GlocalError("GLOCAL_LANES", {
        expected: "laned tangents of a function whose own values are not laned",
        received: `a laned ${node.primitive.name}`,
        hint: `Take the inner derivative with plain jvp.${atUserLine()}`,
      });
    if (!isFloat(node.dtype)) continue;
    const incoming = node.inputs.map((x) => tangents.get(x) ?? null);
    if (incoming.every((t) => t === null)) continue;
    const tangent = node.primitive.jvp({
      inputs: node.inputs,
      tangents: incoming,
      output: node,
      attrs: node.attrs,
    });
    if (tangent) tangents.set(node, tangent);
  }
  return outputs.map((y) => tangents.get(y) ?? null);
}

/** Cotangents of `wrt` from cotangents of some outputs. */
export function pullback(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wrt: readonly Tensor[],
): (Tensor | null)[] {
  const sources = new Set(wrt);
  const path = pathsBetween(sources, outputs);
  const active = new Set([...path, ...sources]);
  const collected = new Map<Tensor, Tensor>();
  const collect = (node: Tensor, cotangent: Tensor) => {
    const so = collected.get(node);
    collected.set(node, so ? add(so, cotangent) : cotangent);
  };
  outputs.forEach((y, i) => {
    if (active.has(y)) collect(y, cotangents[i] as Tensor);
  });
  for (const node of path.reverse()) {
    const cotangent = collected.get(node);
    if (!cotangent) continue;
    node.inputs.forEach((x, operand) => {
      if (!active.has(x) || !isFloat(x.dtype)) return;
      const flow = node.primitive.vjp({
        inputs: node.inputs,
        cotangent,
        output: node,
        attrs: node.attrs,
        operand,
      });
      if (flow) collect(x, flow);
    });
  }
  return wrt.map((x) => collected.get(x) ?? null);
}
