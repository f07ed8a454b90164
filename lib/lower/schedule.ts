/**
 * Decides which values get memory. Everything else is computed inside the
 * kernels that use it: views cost nothing, and cheap elementwise values are
 * recomputed rather than stored.
 */
import type { Graph, Tensor } from "../ir/graph.js";
import { type DType, isFloat, type Shape, sizeOf } from "../ir/types.js";
import { broadcastPrimitive, sumPrimitive } from "../ops/broadcast.js";
import { castPrimitive, fullPrimitive, iotaPrimitive } from "../ops/constant.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../ops/conv.js";
import { elementwisePrimitive } from "../ops/elementwise.js";
import { matmulPrimitive } from "../ops/matmul.js";
import { reduceMaxPrimitive } from "../ops/reduce.js";
import {
  concatPrimitive,
  padPrimitive,
  reshapePrimitive,
  slicePrimitive,
  transposePrimitive,
} from "../ops/shape.js";
import type { ComputeType } from "./program.js";

/** How much is computed inside one kernel. */
export interface FusionLimits {
  /** Values that cost more than this are stored when several kernels want them. */
  readonly recompute: number;
  /** And those that cost more than `cost` when a kernel wants each of them more than so many `times`, or in every lane. */
  readonly stretch: { readonly cost: number; readonly times: number; readonly lanes: boolean };
  /** Values of one kernel. */
  readonly loads: number;
  readonly operations: number;
  /** Loads and stores of a kernel that was merged from several. */
  readonly merged: number;
  /** Whether kernels compute an output anew rather than read it: they need not wait for it then. */
  readonly outputsAnew: boolean;
}

/** So that tiles stay in the first-level cache, and registers and the walk over them stay small. */
export const CPU_LIMITS: FusionLimits = {
  recompute: 2,
  stretch: { cost: 2, times: 1, lanes: true },
  loads: 16,
  operations: 128,
  merged: 24,
  outputsAnew: false,
};

const COSTS: Readonly<Record<string, number>> = {
  exp: 8,
  expm1: 8,
  log: 8,
  log1p: 8,
  sin: 8,
  cos: 8,
  tanh: 8,
  logistic: 8,
  pow: 16,
  sqrt: 3,
  div: 3,
};

const views = new Set<unknown>([
  broadcastPrimitive,
  reshapePrimitive,
  transposePrimitive,
  slicePrimitive,
]);
const reductions = new Set<unknown>([sumPrimitive, reduceMaxPrimitive]);
const bilinearKernels = new Set<unknown>([
  matmulPrimitive,
  conv2dPrimitive,
  conv2dInputGradPrimitive,
  conv2dFilterGradPrimitive,
]);

/** Can be computed inside another kernel. */
function isInline(node: Tensor): boolean {
  const p = node.primitive;
  return (
    views.has(p) ||
    p === fullPrimitive ||
    p === iotaPrimitive ||
    p === castPrimitive ||
    elementwisePrimitive(p) !== undefined
  );
}

/** Reads its operands through strides, so they need not lie in memory. */
function readsExpressions(node: Tensor): boolean {
  const p = node.primitive;
  return isInline(node) || reductions.has(p) || p === concatPrimitive || p === padPrimitive;
}

const withoutOnes = (shape: Shape) => shape.filter((d) => d !== 1).join(",");

/** A reshape that only adds or drops axes of length 1. */
function isTrivialReshape(node: Tensor): boolean {
  const [x] = node.inputs as [Tensor];
  return withoutOnes(x.shape) === withoutOnes(node.shape);
}

const computeTypes = new WeakMap<Tensor, { readonly type: ComputeType | undefined }>();

/** What a kernel must compute in to hold this value, or undefined when any type does. */
export function computeTypeOf(node: Tensor): ComputeType | undefined {
  const known = computeTypes.get(node) ?? { type: findComputeType(node) };
  computeTypes.set(node, known);
  return known.type;
}

function findComputeType(node: Tensor): ComputeType | undefined {
  const p = node.primitive;
  if (p === fullPrimitive || p === iotaPrimitive) return undefined;
  if (p === castPrimitive && isFloat(node.dtype)) return node.dtype;
  if (views.has(p) || p === castPrimitive) return computeTypeOf(node.inputs[0] as Tensor);
  if (elementwisePrimitive(p)) {
    const number = [node, ...node.inputs].find((x) => x.dtype !== "bool");
    if (number) return holdingType(number.dtype);
    // Pure logic fits in anything, but what it is computed from may not.
    return node.inputs.map(computeTypeOf).find((type) => type !== undefined);
  }
  // What lies in memory as int32 may be read as anything.
  return isFloat(node.dtype) ? node.dtype : undefined;
}

/** The type that holds every value of a dtype exactly: int32 needs float64, bool fits in anything. */
export function holdingType(dtype: DType): ComputeType | undefined {
  if (dtype === "bool") return undefined;
  return dtype === "int32" ? "float64" : dtype;
}

export interface Schedule {
  /** Values that own memory or a slot. */
  readonly stored: ReadonlySet<Tensor>;
  /** Values that share another's memory: reshapes, and sums that a kernel accumulates in place. */
  readonly aliases: ReadonlyMap<Tensor, Tensor>;
  /** Values with memory that kernels which want them compute themselves. */
  readonly anew: ReadonlySet<Tensor>;
  /** Kernels that add to the memory of another value instead of writing their own. */
  readonly accumulates: ReadonlyMap<Tensor, Tensor>;
}

/** @param donate outputs (keys) that take over the slot of an input (values) */
export function schedule(
  graph: Graph,
  donate: ReadonlyMap<number, number>,
  limits: FusionLimits = CPU_LIMITS,
): Schedule {
  const users = usersOf(graph);
  const stored = new Set<Tensor>();
  const outputs = new Set(graph.outputs);
  const anew = new Set<Tensor>();

  for (const node of graph.nodes) {
    if (!isInline(node)) stored.add(node);
    if (!readsExpressions(node)) for (const x of node.inputs) stored.add(x);
    // Shares the memory of its operand, which is stored below.
    if (node.primitive === reshapePrimitive && !isTrivialReshape(node)) stored.add(node);
  }

  for (const node of outputs) {
    if (stored.has(node)) continue;
    if (limits.outputsAnew && elementwisePrimitive(node.primitive)) anew.add(node);
    else stored.add(node);
  }

  const cost = new Map<Tensor, number>();
  const leaves = new Map<Tensor, number>();
  const operations = new Map<Tensor, number>();
  const store = (node: Tensor) => {
    stored.add(node);
    anew.delete(node);
    cost.set(node, 0);
    leaves.set(node, 1);
    operations.set(node, 0);
  };
  for (const node of graph.nodes) {
    if (stored.has(node)) {
      store(node);
      continue;
    }
    const total = (of: Map<Tensor, number>) =>
      node.inputs.reduce((sum, x) => sum + (of.get(x) ?? 0), 0);
    const own = elementwisePrimitive(node.primitive) ? (COSTS[node.primitive.name] ?? 1) : 0;
    cost.set(node, own + total(cost));
    leaves.set(node, total(leaves));
    operations.set(node, 1 + total(operations));
    if (
      (operations.get(node) as number) > limits.operations ||
      (leaves.get(node) as number) > limits.loads ||
      mustStore(node, users.get(node) ?? [], cost.get(node) as number, limits)
    )
      store(node);
  }

  for (const node of anew) stored.add(node);

  const aliases = new Map<Tensor, Tensor>();
  // Operands come before users, so walking backwards sees every stored reshape before its operand.
  for (const node of [...graph.nodes].reverse()) {
    if (node.primitive !== reshapePrimitive || !stored.has(node)) continue;
    const [x] = node.inputs as [Tensor];
    aliases.set(node, x);
    stored.add(x);
  }
  const accumulates = accumulations(graph, users, runningSums(graph, donate), aliases);
  // The operands of a sum that a kernel accumulates are gone when it is there.
  for (const node of aliases.keys()) anew.delete(node);
  return { stored, aliases, anew, accumulates };
}

function usersOf(graph: Graph): Map<Tensor, Tensor[]> {
  const users = new Map<Tensor, Tensor[]>();
  for (const node of graph.nodes)
    for (const x of new Set(node.inputs)) users.set(x, [...(users.get(x) ?? []), node]);
  return users;
}

function mustStore(
  node: Tensor,
  users: readonly Tensor[],
  cost: number,
  limits: FusionLimits,
): boolean {
  const type = computeTypeOf(node);
  const mixesTypes = users.some((u) => {
    if (!readsExpressions(u)) return false;
    const other = isInline(u) ? computeTypeOf(u) : undefined;
    return type !== undefined && other !== undefined && other !== type;
  });
  if (mixesTypes) return true;
  if (users.length > 1 && cost > limits.recompute) return true;
  const { times, lanes } = limits.stretch;
  const stretched = users.some(
    (u) =>
      sizeOf(u.shape) > times * sizeOf(node.shape) || (lanes && u.type.laned && !node.type.laned),
  );
  return stretched && cost > limits.stretch.cost;
}

const isAdd = (node: Tensor) =>
  node.primitive.name === "add" && elementwisePrimitive(node.primitive) !== undefined;

/** Inputs to which their own output only adds: products can be added straight into their slot. */
function runningSums(graph: Graph, donate: ReadonlyMap<number, number>): Set<Tensor> {
  const sums = new Set<Tensor>();
  for (const [output, input] of donate) {
    const slot = graph.inputs[input] as Tensor;
    let sum = graph.outputs[output] as Tensor;
    while (isAdd(sum)) sum = sum.inputs[0] as Tensor;
    if (sum === slot && sum !== graph.outputs[output]) sums.add(slot);
  }
  return sums;
}

/** Sums of two products, each used nowhere else: the second kernel adds into the first one's memory. */
function accumulations(
  graph: Graph,
  users: ReadonlyMap<Tensor, readonly Tensor[]>,
  sums: ReadonlySet<Tensor>,
  aliases: Map<Tensor, Tensor>,
): Map<Tensor, Tensor> {
  const accumulates = new Map<Tensor, Tensor>();
  const outputs = new Set(graph.outputs);
  const fresh = (x: Tensor) => (users.get(x)?.length ?? 0) === 1 && !outputs.has(x);
  /** The kernel whose memory holds a product, or a sum of products so far; an input that holds a running sum. */
  const holder = new Map<Tensor, Tensor>([...sums].map((x) => [x, x]));
  for (const node of graph.nodes) {
    if (bilinearKernels.has(node.primitive)) holder.set(node, node);
    if (!isAdd(node)) continue;
    const [x, y] = node.inputs as [Tensor, Tensor];
    if (x === y || !fresh(x) || !fresh(y) || x.type.laned !== y.type.laned) continue;
    const order = [
      [x, y],
      [y, x],
    ] as const;
    const pair = order.find(([sum, product]) => {
      const target = holder.get(sum);
      return target && bilinearKernels.has(product.primitive) && target.id < product.id;
    });
    if (!pair) continue;
    const target = holder.get(pair[0]) as Tensor;
    accumulates.set(pair[1], target);
    aliases.set(node, pair[0]);
    holder.set(node, target);
  }
  return accumulates;
}
