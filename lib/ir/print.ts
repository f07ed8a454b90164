/** Graphs as text, one node a line: for snapshots, tests and people. */
import type { Graph } from "./graph.js";
import { exactKey } from "./key.js";

function formatAttr(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `<${(value as Float64Array).length} numbers>`;
  return typeof value === "number" ? String(value) : exactKey(value);
}

/** E.g. `%3: float32[2,5] = matmul(%0, %1) {transA: false}`. Nodes are renumbered from 0. */
export function printGraph(graph: Graph): string {
  const names = new Map(graph.nodes.map((node, i) => [node, `%${i}`]));
  const lines = graph.nodes.map((node) => {
    const attrs = Object.entries(node.attrs).map(([k, v]) => `${k}: ${formatAttr(v)}`);
    const operands = node.inputs.map((x) => names.get(x)).join(", ");
    const type = node.toString().replace(/^%\d+: /, "");
    const tail = attrs.length > 0 ? ` {${attrs.join(", ")}}` : "";
    return `${names.get(node)}: ${type} = ${node.primitive.name}(${operands})${tail}`;
  });
  return [...lines, `return ${graph.outputs.map((x) => names.get(x)).join(", ")}`].join("\n");
}
