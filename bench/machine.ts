/** The machine that figures come from, and the fastest it multiplies matrices. */
import { cpus, loadavg } from "node:os";
import { packageVersion } from "../lib/cli/version.js";
import type { Tensor } from "../lib/ir/graph.js";
import { matmul } from "../lib/ops/matmul.js";
import { type Device, openDevice } from "../lib/runtime/device.js";
import { type DeviceArray, DeviceJob, Executable } from "../lib/runtime/executable.js";
import { traceFlat } from "../lib/trace/trace.js";
import { placeOptions } from "./place.js";
import { timeMs } from "./timing.js";

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly processors: number;
  /** What else kept the machine busy in the minute before: 0 when idle. */
  readonly load: number;
  readonly node: string;
  readonly glocal: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: processors[0]?.model.trim() ?? "unknown",
    processors: processors.length,
    load: loadavg()[0] as number,
    node: process.version,
    glocal: packageVersion(),
  };
}

export const loadLine = ({ load }: Machine) => `load ${load.toFixed(2)} before the run`;

/** One line for people; `also` names further versions. */
export function machineLine(machine: Machine, also: readonly string[] = []): string {
  const { date, cpu, processors, node, glocal } = machine;
  const parts = [date, `${cpu} × ${processors}`, `glocal ${glocal}`, `Node ${node}`];
  return [...parts, ...also].join(" · ");
}

const SIDE = 1024;
const PRODUCTS = 10;

/** GFLOP/s of float32 products of square matrices on this device, the fastest of several runs: a ceiling. */
export function sgemmRate(device: Device, side = SIDE): number {
  const type = { dtype: "float32", shape: [side, side], laned: false } as const;
  const inputs = ["a", "b"].map((name) => ({ name, type }));
  const graph = traceFlat(inputs, (xs) => [matmul(...(xs as [Tensor, Tensor]))]);
  const executable = Executable.compile(device, graph, { name: "sgemm" });
  const memory = (): DeviceArray => ({ buffer: device.allocate(4 * side * side), offset: 0 });
  const operands = [memory(), memory()];
  const product = memory();
  const job = new DeviceJob(device);
  for (let i = 0; i < PRODUCTS; i++) job.call(executable, operands, [product]);
  return (PRODUCTS * 2 * side ** 3) / (1e6 * timeMs(() => job.runSync()).min);
}

/** The same of the CPU, on a device of its own. */
export function measureSgemm(threads: number | undefined): number {
  const device = openDevice(placeOptions({ threads }));
  try {
    return sgemmRate(device);
  } finally {
    device.dispose();
  }
}
