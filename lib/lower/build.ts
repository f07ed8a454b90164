/** Turns a graph into kernels over named memory: the part of lowering that all devices share. */
import { GlocalError } from "../errors.js";
import type { HostArray } from "../ir/array.js";
import type { Graph, Tensor } from "../ir/graph.js";
import { BYTES, rowMajor, type Shape, sizeOf } from "../ir/types.js";
import { sumPrimitive } from "../ops/broadcast.js";
import { inputPrimitive, literalPrimitive } from "../ops/constant.js";
import { reduceMaxPrimitive } from "../ops/reduce.js";
import { concatPrimitive, padPrimitive } from "../ops/shape.js";
import { type Region, regionResultPrimitive } from "./batch/cut.js";
import { type RegionProgram, regionSteps } from "./batch/steps.js";
import { Buffer, type BufferRef, type BufferStep } from "./buffer.js";
import { collapseMap, collapseReduce } from "./collapse.js";
import { type Axis, ExpressionBuilder, identityAxes } from "./expression.js";
import { dropDeadStores, mergeMaps } from "./merge.js";
import type { LowerOptions } from "./options.js";
import { deliverOutputs, type Output } from "./outputs.js";
import type { MapStep, Slot, View } from "./program.js";
import { CPU_LIMITS, type FusionLimits, type Schedule, schedule } from "./schedule.js";
import { structuredStep } from "./structured.js";

class Lowering {
  private readonly places = new Map<Tensor, BufferRef>();
  readonly slots: Slot[] = [];
  readonly constants: { slot: number; data: HostArray["data"] }[] = [];
  private readonly plan: Schedule;

  constructor(
    readonly graph: Graph,
    readonly lanes: number,
    donate: ReadonlyMap<number, number>,
    private readonly regions: ReadonlyMap<Region, RegionProgram>,
    limits: FusionLimits,
  ) {
    this.plan = schedule(graph, donate, limits);
    for (const node of graph.inputs) this.give(node, this.addSlot(node, node.attrs.name));
  }

  addSlot(node: Tensor, name: string, laned = node.type.laned): number {
    const bytes = BYTES[node.dtype] * sizeOf(node.shape) * (laned ? this.lanes : 1);
    this.slots.push({ name, dtype: node.dtype, bytes });
    return this.slots.length - 1;
  }

  /** Gives a value memory of its own. */
  private give(node: Tensor, slot?: number): BufferRef {
    const lanes = node.type.laned ? this.lanes : 1;
    const buffer = new Buffer(node.dtype, BYTES[node.dtype] * sizeOf(node.shape) * lanes, slot);
    const place = { buffer, offset: 0 };
    this.places.set(node, place);
    return place;
  }

  /** Where a stored value lies; undefined for one that is computed where it is used. */
  memory = (node: Tensor): BufferRef | undefined => {
    const known = this.places.get(node);
    if (known) return known;
    const alias = this.plan.aliases.get(node);
    if (alias) return this.memory(alias);
    return this.plan.stored.has(node) ? this.give(node) : undefined;
  };

  /** Where a kernel reads a value; undefined for one that it computes. */
  private operand = (node: Tensor): BufferRef | undefined =>
    this.plan.anew.has(node) ? undefined : this.memory(node);

  private at = (node: Tensor): BufferRef => this.memory(node) as BufferRef;

  steps(): BufferStep[] {
    return this.graph.nodes.flatMap((node) => this.kernels(node));
  }

  private kernels(node: Tensor): BufferStep[] {
    const { primitive } = node;
    if (primitive === inputPrimitive || this.plan.aliases.has(node)) return [];
    if (!this.plan.stored.has(node)) return [];
    if (primitive === (literalPrimitive as unknown)) return this.literal(node);
    if (primitive === (regionResultPrimitive as unknown)) return this.region(node);
    const target = this.plan.accumulates.get(node);
    if (target) this.places.set(node, this.at(target));
    const structured = structuredStep(node, {
      lanes: this.lanes,
      at: this.at,
      accumulate: target !== undefined,
    });
    if (structured) return [structured];
    switch (primitive as unknown) {
      case sumPrimitive:
        return [this.reduce(node, "sum", node.attrs.axes)];
      case reduceMaxPrimitive:
        return [this.reduce(node, "max", [node.attrs.axis])];
      case concatPrimitive:
        return this.concat(node);
      case padPrimitive:
        return this.pad(node);
      default:
        return [this.map(node)];
    }
  }

  private literal(node: Tensor): BufferStep[] {
    const slot = this.addSlot(node, "constant");
    this.constants.push({ slot, data: node.attrs.data });
    this.give(node, slot);
    return [];
  }

  /** The first result of a region runs it; the others have their places by then. */
  private region(node: Tensor): BufferStep[] {
    if (this.places.has(node)) return [];
    const { region } = node.attrs as { region: Region };
    const { steps, results } = regionSteps(
      this.regions.get(region) as RegionProgram,
      this.at,
      this.lanes,
    );
    for (const other of this.graph.nodes)
      if (other.primitive === (regionResultPrimitive as unknown) && other.attrs.region === region)
        this.places.set(other, results[other.attrs.result] as BufferRef);
    return [...steps];
  }

  private dims(node: Tensor, shape: Shape): number[] {
    return node.type.laned ? [this.lanes, ...shape] : [...shape];
  }

  /** A kernel over the whole of `node` that computes `node` itself. */
  private map(node: Tensor): MapStep<BufferRef> {
    const dims = this.dims(node, node.shape);
    const builder = new ExpressionBuilder(dims.length, node.type.laned, this.operand);
    const lead = dims.length - node.shape.length;
    const value = builder.value(node, identityAxes(node.shape, lead), true);
    const { results, ...expression } = builder.finish(dims, [value]);
    const view = { ref: this.at(node), dtype: node.dtype, strides: rowMajor(dims) };
    return { op: "map", ...expression, stores: [{ register: results[0] as number, view }] };
  }

  private reduce(node: Tensor, kind: "sum" | "max", axes: readonly number[]): BufferStep {
    const [x] = node.inputs as [Tensor];
    const kept = x.shape.map((_, i) => i).filter((i) => !axes.includes(i));
    const order = [...kept, ...axes];
    const dims = this.dims(
      node,
      order.map((i) => x.shape[i] as number),
    );
    const lead = node.type.laned ? 1 : 0;
    const builder = new ExpressionBuilder(dims.length, node.type.laned, this.operand);
    const along = x.shape.map(
      (_, i): Axis => ({ dim: lead + order.indexOf(i), step: 1, start: 0 }),
    );
    const value = builder.value(x, along);
    const { results, ...expression } = builder.finish(dims, [value]);
    const strides = rowMajor(dims.slice(0, lead + kept.length));
    const view = { ref: this.at(node), dtype: node.dtype, strides };
    return {
      op: "reduce",
      ...expression,
      kind,
      reduced: axes.length,
      outputs: [{ register: results[0] as number, view }],
    };
  }

  /** Writes an operand into part of the memory of `node`. */
  private place(node: Tensor, x: Tensor, part: Omit<View<BufferRef>, "dtype">): BufferStep {
    const dims = this.dims(node, x.shape);
    const builder = new ExpressionBuilder(dims.length, node.type.laned, this.operand);
    const value = builder.value(x, identityAxes(x.shape, dims.length - x.shape.length));
    const { results, ...expression } = builder.finish(dims, [value]);
    const view = { ...part, dtype: node.dtype };
    return { op: "map", ...expression, stores: [{ register: results[0] as number, view }] };
  }

  private concat(node: Tensor): BufferStep[] {
    const axis = node.attrs.axis as number;
    const own = rowMajor(node.shape);
    const strides = node.type.laned ? [sizeOf(node.shape), ...own] : own;
    let start = 0;
    return node.inputs.map((x) => {
      const offset = start * (own[axis] as number) * BYTES[node.dtype];
      start += x.shape[axis] as number;
      return this.place(node, x, { ref: { ...this.at(node), offset }, strides });
    });
  }

  private pad(node: Tensor): BufferStep[] {
    const [x] = node.inputs as [Tensor];
    const { low, interior } = node.attrs as { low: number[]; interior: number[] };
    const dims = this.dims(node, node.shape);
    const fill: MapStep<BufferRef> = {
      op: "map",
      compute: node.dtype === "float64" ? "float64" : "float32",
      dims,
      loads: [],
      code: [{ op: "constant", value: 0 }],
      stores: [
        {
          register: 0,
          view: { ref: this.at(node), dtype: node.dtype, strides: rowMajor(dims) },
        },
      ],
    };
    const own = rowMajor(node.shape);
    const start = own.reduce((sum, s, i) => sum + s * (low[i] as number), 0);
    const spread = own.map((s, i) => s * ((interior[i] as number) + 1));
    const strides = node.type.laned ? [sizeOf(node.shape), ...spread] : spread;
    const ref = { ...this.at(node), offset: start * BYTES[node.dtype] };
    return [fill, this.place(node, x, { ref, strides })];
  }
}

export interface Built {
  /** Merged, and without what nothing reads. */
  readonly steps: readonly BufferStep[];
  /** Not yet delivered into their slots. */
  readonly outputs: readonly Output[];
  readonly lanes: number;
  readonly slots: readonly Slot[];
  readonly constants: readonly { readonly slot: number; readonly data: HostArray["data"] }[];
}

export interface BuildSettings {
  /** The regions of the batch that the graph refers to. */
  readonly regions?: ReadonlyMap<Region, RegionProgram>;
  readonly limits?: FusionLimits;
}

/**
 * @throws GLOCAL_BAD_OPTION when an output is donated to an input of another type
 */
export function buildSteps(
  graph: Graph,
  options: LowerOptions,
  { regions = new Map(), limits = CPU_LIMITS }: BuildSettings = {},
): Built {
  const { lanes = 1, donate = new Map<number, number>() } = options;
  const lowering = new Lowering(graph, lanes, donate, regions, limits);
  const built = lowering.steps();
  const outputs = graph.outputs.map((node, i): Output => {
    const laned = options.lanedOutputs?.[i] ?? node.type.laned;
    const donor = donate.get(i);
    const slot = donor ?? lowering.addSlot(node, `output ${i}`, laned);
    const input = donor === undefined ? undefined : (graph.inputs[donor] as Tensor);
    if (
      input &&
      (input.dtype !== node.dtype ||
        sizeOf(input.shape) !== sizeOf(node.shape) ||
        input.type.laned !== laned)
    )
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `output ${i} of ${options.name} to fit the input it replaces, ${input}`,
        received: `${node}`,
      });
    const { buffer, offset } = lowering.memory(node) as BufferRef;
    const own = BYTES[node.dtype] * sizeOf(node.shape) * (node.type.laned ? lanes : 1);
    return {
      node,
      buffer,
      offset: buffer.bytes === own ? undefined : offset,
      slot,
      laned,
      donor: input && lowering.memory(input)?.buffer,
    };
  });
  const steps = dropDeadStores(
    options.merge === false ? built : mergeMaps(built, limits.merged),
    new Set(outputs.map((o) => o.buffer)),
  );
  return { steps, outputs, lanes, slots: lowering.slots, constants: lowering.constants };
}

/** The steps with outputs in their slots and dimensions merged: all that is left is to place memory. */
export function deliver({ steps, outputs, lanes }: Built): BufferStep[] {
  return deliverOutputs(steps, outputs, lanes).map((step) => {
    if (step.op === "map") return collapseMap(step);
    return step.op === "reduce" ? collapseReduce(step) : step;
  });
}
