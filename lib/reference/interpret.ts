/**
 * The reference: evaluates any graph in float64, node by node, lane by lane,
 * with each primitive's own `reference`. Never fast; every device is held
 * against it.
 */
import { GlocalError } from "../errors.js";
import type { Graph, ReferenceArray, Tensor } from "../ir/graph.js";
import { sizeOf } from "../ir/types.js";
import { inputPrimitive } from "../ops/constant.js";

/**
 * @param values one row-major array per input; a laned input holds its lanes one after the other
 * @param lanes how many lanes laned values have
 * @returns one float64 array per output, laned ones likewise
 * @throws GLOCAL_BAD_SHAPE when a value has the wrong number of elements
 */
export function interpret(
  graph: Graph,
  values: readonly ArrayLike<number>[],
  lanes = 1,
): Float64Array[] {
  const results = new Map<Tensor, Float64Array>();
  const copies = (node: Tensor) => (node.type.laned ? lanes : 1);
  graph.inputs.forEach((node, i) => {
    const data = Float64Array.from(values[i] ?? []);
    const size = sizeOf(node.shape) * copies(node);
    if (data.length !== size)
      throw new GlocalError("GLOCAL_BAD_SHAPE", {
        expected: `${size} numbers for input ${node.attrs.name}`,
        received: `${data.length}`,
      });
    results.set(node, data);
  });
  for (const node of graph.nodes) {
    if (node.primitive === inputPrimitive) continue;
    const size = sizeOf(node.shape);
    const out = new Float64Array(size * copies(node));
    for (let lane = 0; lane < copies(node); lane++) {
      const inputs = node.inputs.map((x): ReferenceArray => {
        const data = results.get(x) as Float64Array;
        const own = sizeOf(x.shape);
        const from = x.type.laned ? lane * own : 0;
        return { data: data.subarray(from, from + own), shape: x.shape };
      });
      const value = node.primitive.reference(inputs, node.attrs, node.type);
      out.set(Float64Array.from(value), lane * size);
    }
    results.set(node, out);
  }
  return graph.outputs.map((y) => results.get(y) as Float64Array);
}
