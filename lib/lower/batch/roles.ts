/**
 * Finds the parts of a graph that examples pass through independently of one another. A region is
 * such a part with nothing over all examples inside: block after block of the batch can run through
 * it while its values lie in a cache. Sums over examples are added up block by block.
 */
import type { Graph, Tensor } from "../../ir/graph.js";
import { isFloat } from "../../ir/types.js";
import { broadcastPrimitive } from "../../ops/broadcast.js";
import { fullPrimitive } from "../../ops/constant.js";
import { elementwisePrimitive } from "../../ops/elementwise.js";
import { type BatchRule, batchRule } from "./rules.js";

/** What a node is to the batch. */
export interface Role {
  /** A row of its own for each example; a sum over examples of what a region computes; or computed outside of regions. */
  readonly kind: "rows" | "sum" | "outside";
  /** The region that computes it; for what is outside, the first region that may read it. */
  readonly region: number;
  /** How to compute it for some of the examples: absent for inputs and for sums of sums. Outside, present where every example has the same row. */
  readonly rule?: BatchRule;
}

export interface BatchRoles {
  readonly examples: number;
  readonly regions: number;
  of(node: Tensor): Role;
}

/** Same rows for all examples: made by stretching, or computed from such. */
function evenRule(
  node: Tensor,
  examples: number,
  isEven: (x: Tensor) => boolean,
): BatchRule | undefined {
  if (node.shape[0] !== examples) return undefined;
  const rule = batchRule(node);
  if (rule?.result !== "rows") return undefined;
  const fits = rule.operands.every(
    (kind, i) => kind === "whole" || isEven(node.inputs[i] as Tensor),
  );
  const made =
    node.primitive === fullPrimitive || node.primitive === (broadcastPrimitive as unknown);
  return fits && (made || node.inputs.some(isEven)) ? rule : undefined;
}

/**
 * @param batch inputs of the graph (their numbers) with one row for each example
 * @returns undefined when they disagree on the number of examples, or there is but one
 */
export function batchRoles(graph: Graph, batch: readonly number[]): BatchRoles | undefined {
  const inputs = new Set(batch.map((i) => graph.inputs[i] as Tensor));
  const examples = graph.inputs[batch[0] as number]?.shape[0];
  if (!examples || examples < 2) return undefined;
  if ([...inputs].some((x) => x.shape[0] !== examples || x.type.laned)) return undefined;

  const roles = new Map<Tensor, Role>();
  const of = (node: Tensor) => roles.get(node) as Role;
  const isRows = (x: Tensor) => of(x).kind === "rows";
  const isEven = (x: Tensor) => of(x).kind === "outside" && of(x).rule !== undefined;
  /** The first region that may read a value that lies in memory as a whole. */
  const after = (x: Tensor) => of(x).region + (of(x).kind === "outside" ? 0 : 1);
  const users = countUsers(graph);

  const separate = (node: Tensor): Role | undefined => {
    if (!node.inputs.some(isRows)) return undefined;
    const rule = batchRule(node);
    const fits = rule?.operands.every((kind, i) => {
      const x = node.inputs[i] as Tensor;
      if (kind === "whole") return !isRows(x);
      return isRows(x) || isEven(x) || (x.shape[0] === examples && !x.type.laned);
    });
    if (!rule || !fits || (rule.result === "sum" && !isFloat(node.dtype))) return undefined;
    const region = Math.max(...node.inputs.map((x) => (isRows(x) ? of(x).region : after(x))));
    return { kind: rule.result, region, rule };
  };

  /** Sums of sums are added up together. */
  const jointSum = (node: Tensor): Role | undefined => {
    if (node.primitive.name !== "add" || !elementwisePrimitive(node.primitive)) return undefined;
    const [x, y] = node.inputs as [Tensor, Tensor];
    const joins =
      x !== y &&
      [x, y].every((s) => of(s).kind === "sum" && users.get(s) === 1) &&
      of(x).region === of(y).region &&
      x.type.laned === y.type.laned;
    return joins ? { kind: "sum", region: of(x).region } : undefined;
  };

  for (const node of graph.nodes) {
    if (inputs.has(node)) {
      roles.set(node, { kind: "rows", region: 0 });
      continue;
    }
    const role = separate(node) ?? jointSum(node);
    if (role) {
      roles.set(node, role);
      continue;
    }
    const region = Math.max(
      0,
      ...node.inputs.map((x) => (isRows(x) ? of(x).region + 1 : after(x))),
    );
    const rule = evenRule(node, examples, isEven);
    roles.set(node, { kind: "outside", region, ...(rule ? { rule } : {}) });
  }
  const inside = [...roles.values()].filter((r) => r.kind !== "outside");
  return { examples, regions: 1 + Math.max(...inside.map((r) => r.region)), of };
}

/** Operands and outputs that name each node. */
function countUsers(graph: Graph): Map<Tensor, number> {
  const users = new Map<Tensor, number>();
  for (const x of [...graph.nodes.flatMap((n) => n.inputs), ...graph.outputs])
    users.set(x, (users.get(x) ?? 0) + 1);
  return users;
}
