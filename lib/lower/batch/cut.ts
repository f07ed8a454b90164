/** Cuts the regions of a graph out: what stays refers to their results, and each becomes a graph over a block of examples. */
import { Builder, finishGraph, type Graph, type Tensor, withBuilder } from "../../ir/graph.js";
import type { Type } from "../../ir/types.js";
import { fullPrimitive, inputPrimitive, iotaPrimitive } from "../../ops/constant.js";
import { definePrimitive, noDerivative, type PrimitiveFunction } from "../../ops/define.js";
import { add } from "../../ops/elementwise.js";
import { type BatchRoles, batchRoles } from "./roles.js";
import type { BatchRule } from "./rules.js";

/** How the results of a region lie in memory. */
export type ResultKind = "rows" | "sum";

/** What a block of a region reads or writes: `memory` is a node of the cut graph. */
export interface RegionOperand {
  readonly node: Tensor;
  /** Rows for the examples of the block, or all of it for every block. */
  readonly kind: "rows" | "whole";
}

/** A region over blocks of some size. */
export interface RegionGraph {
  /** Inputs: one running sum for each sum, then the operands. Outputs: the results in order. */
  readonly graph: Graph;
  /** Outputs (keys) that take over the input (values) that holds their running sum. */
  readonly donate: ReadonlyMap<number, number>;
}

export interface Region {
  /** Nodes of the cut graph that blocks read. */
  readonly operands: readonly RegionOperand[];
  readonly results: readonly { readonly type: Type; readonly kind: ResultKind }[];
  build(examples: number): RegionGraph;
}

/** One result of a region, as a node whose operands are those of the region. */
export const regionResultPrimitive: PrimitiveFunction<{ region: Region; result: number }> =
  definePrimitive<{ region: Region; result: number }>({
    name: "regionResult",
    type: (_, { region, result }) => (region.results[result] as { type: Type }).type,
    ...noDerivative,
    reference: () => {
      throw new Error("Regions are cut when a graph is lowered; no interpreter sees them.");
    },
  });

/** A graph whose regions have become results. */
export interface CutGraph {
  readonly graph: Graph;
  readonly regions: readonly Region[];
  readonly examples: number;
}

/**
 * @param batch inputs of the graph (their numbers) with one row for each example
 * @returns undefined when there is nothing to cut, or when lanes would have to leave a region row by row
 */
export function cutRegions(graph: Graph, batch: readonly number[]): CutGraph | undefined {
  const roles = batchRoles(graph, batch);
  return roles && new Cutter(graph, roles).cut();
}

const CONSTANTS = new Set<unknown>([fullPrimitive, iotaPrimitive]);
const VIEWS = new Set(["broadcast", "reshape", "transpose", "slice"]);

class Cutter {
  private readonly builder = new Builder();
  /** Nodes of the cut graph by nodes of the whole one. */
  private readonly moved = new Map<Tensor, Tensor>();
  private readonly regions: Region[] = [];
  private readonly users = new Map<Tensor, Tensor[]>();
  private readonly outputs: ReadonlySet<Tensor>;

  constructor(
    private readonly whole: Graph,
    private readonly roles: BatchRoles,
  ) {
    this.outputs = new Set(whole.outputs);
    for (const node of whole.nodes)
      for (const x of new Set(node.inputs)) {
        const known = this.users.get(x);
        if (known) known.push(node);
        else this.users.set(x, [node]);
      }
  }

  cut(): CutGraph | undefined {
    const { whole, roles, builder, moved } = this;
    for (const x of whole.inputs) moved.set(x, builder.append(inputPrimitive, [], x.attrs, x.type));
    for (let region = 0; region <= roles.regions; region++) {
      for (const node of whole.nodes) {
        const role = roles.of(node);
        if (role.kind === "outside" && role.region === region) this.move(node);
      }
      if (region < roles.regions && !this.cutRegion(region)) return undefined;
    }
    const at = (x: Tensor) => moved.get(x) as Tensor;
    const graph = finishGraph(whole.inputs.map(at), whole.outputs.map(at));
    return { graph, regions: this.regions, examples: roles.examples };
  }

  private move(node: Tensor): void {
    if (this.moved.has(node)) return;
    const inputs = node.inputs.map((x) => this.moved.get(x) as Tensor);
    this.moved.set(node, this.builder.append(node.primitive, inputs, node.attrs, node.type));
  }

  /** What a region computes, in order. */
  private members(region: number): Tensor[] {
    return this.whole.nodes.filter((node) => {
      const role = this.roles.of(node);
      const inside = role.kind !== "outside" && role.region === region;
      return inside && node.primitive !== inputPrimitive;
    });
  }

  /** Rows that something outside of their region reads. */
  private leaves(node: Tensor): boolean {
    const { region } = this.roles.of(node);
    const stays = (user: Tensor) => {
      const role = this.roles.of(user);
      return role.kind !== "outside" && role.region === region;
    };
    return this.outputs.has(node) || !(this.users.get(node) ?? []).every(stays);
  }

  /** A sum that only adds to another sum. */
  private isJoined(node: Tensor): boolean {
    const users = (this.users.get(node) ?? []).map((u) => this.roles.of(u));
    return !this.outputs.has(node) && users.some((u) => u.kind === "sum" && !u.rule);
  }

  /** @returns false when the region cannot be cut */
  private cutRegion(index: number): boolean {
    const { roles, moved } = this;
    const members = this.members(index);
    const results = members.flatMap((node): Result[] => {
      const { kind } = roles.of(node);
      if (kind === "rows") return this.leaves(node) ? [{ node, type: node.type, kind }] : [];
      return kind === "sum" && !this.isJoined(node) ? [{ node, type: node.type, kind }] : [];
    });
    if (results.some(({ kind, type }) => kind === "rows" && type.laned)) return false;
    if (results.length === 0) return true;
    const build = (examples: number) => {
      const builder = new RegionBuilder(roles, index, examples);
      const graph = builder.build(members, results);
      return { graph, operands: builder.operands };
    };
    const operands = build(roles.examples).operands.map(({ node, kind }) => ({
      node: moved.get(node) as Tensor,
      kind,
    }));
    const region: Region = { operands, results, build: (examples) => build(examples).graph };
    this.regions.push(region);
    results.forEach(({ node, type }, result) => {
      const inputs = operands.map((o) => o.node);
      moved.set(node, this.builder.append(regionResultPrimitive, inputs, { region, result }, type));
    });
    return true;
  }
}

interface Result {
  readonly node: Tensor;
  readonly type: Type;
  readonly kind: ResultKind;
}

/** Builds the graph of one region for a number of examples. */
class RegionBuilder {
  /** Nodes of the whole graph that become inputs. */
  readonly operands: RegionOperand[] = [];
  private readonly builder = new Builder();
  private readonly inputs: Tensor[] = [];
  private readonly moved = new Map<Tensor, { rows?: Tensor; whole?: Tensor }>();

  constructor(
    private readonly roles: BatchRoles,
    private readonly region: number,
    private readonly examples: number,
  ) {}

  build(members: readonly Tensor[], results: readonly Result[]): RegionGraph {
    return withBuilder(this.builder, () => {
      // Before everything else, so that kernels can add to them straight away.
      const sums = new Map<Tensor, Tensor>();
      for (const { node, type, kind } of results)
        if (kind === "sum") sums.set(node, this.input(type, `sum ${sums.size}`));
      // In the order of the whole graph, so that kernels run in that order.
      for (const node of members) if (this.roles.of(node).rule) this.rows(node);
      const outputs = results.map(({ node }) => {
        const sum = sums.get(node);
        return sum ? this.terms(node).reduce(add, sum) : this.rows(node);
      });
      const summed = [...sums.keys()].map((node) => results.findIndex((r) => r.node === node));
      return {
        graph: finishGraph(this.inputs, outputs),
        donate: new Map(summed.map((result, input) => [result, input])),
      };
    });
  }

  private input(type: Type, name: string): Tensor {
    const index = this.inputs.length;
    const node = this.builder.append(inputPrimitive, [], { index, name }, type);
    this.inputs.push(node);
    return node;
  }

  private operand(node: Tensor, kind: "rows" | "whole"): Tensor {
    this.operands.push({ node, kind });
    const shape = kind === "rows" ? [this.examples, ...node.shape.slice(1)] : node.shape;
    return this.input({ ...node.type, shape }, `operand ${this.operands.length - 1}`);
  }

  /** What one block adds to a sum, term by term. */
  private terms(node: Tensor): Tensor[] {
    return this.roles.of(node).rule ? [this.rows(node)] : node.inputs.flatMap((x) => this.terms(x));
  }

  private compute(node: Tensor, rule: BatchRule): Tensor {
    const inputs = node.inputs.map((x, i) =>
      rule.operands[i] === "rows" ? this.rows(x) : this.all(x),
    );
    return this.builder.emit(node.primitive, inputs, rule.attrs(this.examples));
  }

  /** A value for the examples of a block: its rows, or its part of the sum. */
  private rows(node: Tensor): Tensor {
    return this.remember(node, "rows", () => {
      const { kind, region, rule } = this.roles.of(node);
      const here = kind === "outside" || region === this.region;
      return rule && here ? this.compute(node, rule) : this.operand(node, "rows");
    });
  }

  /** The whole of a value from outside; views and constants are made anew where they are used. */
  private all(node: Tensor): Tensor {
    return this.remember(node, "whole", () => {
      const made =
        CONSTANTS.has(node.primitive) ||
        (VIEWS.has(node.primitive.name) && this.roles.of(node).kind === "outside");
      if (!made) return this.operand(node, "whole");
      const inputs = node.inputs.map((x) => this.all(x));
      return this.builder.emit(node.primitive, inputs, node.attrs);
    });
  }

  private remember(node: Tensor, kind: "rows" | "whole", make: () => Tensor): Tensor {
    const known = this.moved.get(node) ?? {};
    this.moved.set(node, known);
    known[kind] ??= make();
    return known[kind] as Tensor;
  }
}
