/**
 * Rebuilds a graph once, in order: equal nodes become one, constants fold,
 * identities and markers vanish, and what no output needs is dropped.
 */
import { Builder, finishGraph, type Graph, type Tensor, withBuilder } from "../ir/graph.js";
import { exactKey } from "../ir/key.js";
import { inputPrimitive } from "../ops/constant.js";
import { rewrite } from "./rewrite.js";

/** Names arrays by identity, so that attributes with equal contents but large data need not be compared. */
class Identities {
  private readonly ids = new Map<object, number>();

  of(value: object): number {
    const id = this.ids.get(value) ?? this.ids.size;
    this.ids.set(value, id);
    return id;
  }
}

export function simplify(graph: Graph): Graph {
  const builder = new Builder();
  const arrays = new Identities();
  const seen = new Map<string, Tensor>();
  const keyOf = (node: Tensor): string => {
    const attrs = exactKey(node.attrs, (array) => `array ${arrays.of(array)}`);
    return `${node.primitive.name}(${node.inputs.map((x) => x.id).join(",")})${attrs}`;
  };
  const unique = (node: Tensor): Tensor => {
    if (node.primitive === inputPrimitive) return node;
    const key = keyOf(node);
    const known = seen.get(key);
    if (known) return known;
    seen.set(key, node);
    return node;
  };
  return withBuilder(builder, () => {
    const moved = new Map<Tensor, Tensor>();
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((x) => moved.get(x) as Tensor);
      const same =
        node.primitive === inputPrimitive
          ? builder.append(node.primitive, [], node.attrs, node.type)
          : rewrite(builder, node.primitive, inputs, node.attrs);
      moved.set(node, unique(same));
    }
    const at = (x: Tensor) => moved.get(x) as Tensor;
    return finishGraph(graph.inputs.map(at), graph.outputs.map(at));
  });
}
