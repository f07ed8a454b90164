/** What a graph becomes for a device: plain data that the device compiles. */
import type { Graph } from "../ir/graph.js";
import { type Cost, programCost, scratchBytes } from "../lower/cost.js";
import { encodeLaunches } from "../lower/cuda/encode.js";
import type { CudaProgram } from "../lower/cuda/launches.js";
import { lowerCuda } from "../lower/cuda/lower.js";
import { encode } from "../lower/encode.js";
import { lower } from "../lower/lower.js";
import type { Lowered, LowerOptions } from "../lower/options.js";
import type { Program } from "../lower/program.js";
import type { NativeProgramText } from "../native/addon.js";
import type { Device } from "./device.js";

export interface Compilable extends Pick<Lowered, "outputSlots" | "constants"> {
  readonly program: Program | CudaProgram;
  /** Floating-point operations and bytes of one run. */
  readonly cost: Cost;
  /** Memory for intermediate values. */
  readonly scratchBytes: number;
  readonly code: () => Float64Array;
  /** Of its kernels, on CUDA. */
  readonly text: NativeProgramText;
}

function forCpu(device: Device, graph: Graph, options: LowerOptions): Compilable {
  const lowered = lower(graph, options);
  const { program } = lowered;
  return {
    ...lowered,
    cost: programCost(program),
    scratchBytes: scratchBytes(program, device.threads),
    code: () => encode(program),
    text: {},
  };
}

function forCuda({ precision }: Device, graph: Graph, options: LowerOptions): Compilable {
  const lowered = lowerCuda(graph, { ...options, tf32: precision === "tf32" });
  const { program } = lowered;
  return {
    ...lowered,
    scratchBytes: program.arenaBytes,
    code: () => encodeLaunches(program),
    text: { modules: program.modules, kernels: program.kernels },
  };
}

export function compilableFor(device: Device, graph: Graph, options: LowerOptions): Compilable {
  return (device.name === "cuda" ? forCuda : forCpu)(device, graph, options);
}
