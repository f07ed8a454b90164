/** What a graph becomes for a device: plain data that the device compiles. */
import type { Graph } from "../ir/graph.js";
import { type Cost, programCost, scratchBytes } from "../lower/cost.js";
import { encode } from "../lower/encode.js";
import { lower } from "../lower/lower.js";
import type { Lowered, LowerOptions } from "../lower/options.js";
import type { Program } from "../lower/program.js";
import type { Device } from "./device.js";

export interface Compilable extends Pick<Lowered, "outputSlots" | "constants"> {
  readonly program: Program;
  /** Floating-point operations and bytes of one run. */
  readonly cost: Cost;
  /** Memory for intermediate values. */
  readonly scratchBytes: number;
  readonly code: () => Float64Array;
}

export function compilableFor(device: Device, graph: Graph, options: LowerOptions): Compilable {
  const lowered = lower(graph, options);
  const { program } = lowered;
  return {
    ...lowered,
    cost: programCost(program),
    scratchBytes: scratchBytes(program, device.threads),
    code: () => encode(program),
  };
}
