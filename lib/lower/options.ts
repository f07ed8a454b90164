/** What lowering is asked for, and what it gives. */
import type { HostArray } from "../ir/array.js";
import type { Graph } from "../ir/graph.js";
import type { BlockSizes } from "./batch/sizes.js";
import type { Program } from "./program.js";

export interface LowerOptions {
  readonly name: string;
  /** How many lanes laned values have. Default 1. */
  readonly lanes?: number;
  /** Outputs (keys) that take over the slot of an input (values): state updated in place. */
  readonly donate?: ReadonlyMap<number, number>;
  /** Outputs whose slot holds lanes even if the value turned out to be the same in all of them. */
  readonly lanedOutputs?: readonly boolean[];
  /** Inputs (their numbers) with one row for each example of a batch: it may be run in blocks. */
  readonly batch?: readonly number[];
  /** How the batch is cut: false not at all, for comparison in tests. By default chosen by what an example needs. */
  readonly blocks?: BlockSizes | false;
  /** False skips merging kernels, for comparison in tests. Default true. */
  readonly merge?: boolean;
  /** False gives every buffer memory of its own, for comparison in tests. Default true. */
  readonly shareMemory?: boolean;
}

export interface Lowered {
  readonly program: Program;
  /** The slot of each input is its index; these are the slots of the outputs. */
  readonly outputSlots: readonly number[];
  /** Constants of the graph, to be bound to their slots. */
  readonly constants: readonly { readonly slot: number; readonly data: HostArray["data"] }[];
}

export type Lower = (graph: Graph, options: LowerOptions) => Lowered;
