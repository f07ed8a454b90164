/** What evaluates graphs: the reference, and the CPU with every switch. */
import { allocate, type TypedArray } from "../../lib/ir/array.js";
import type { Graph } from "../../lib/ir/graph.js";
import { sizeOf, type Type } from "../../lib/ir/types.js";
import { loadAddon } from "../../lib/native/load.js";
import { type Device, openDevice } from "../../lib/runtime/device.js";
import { type CompileOptions, DeviceJob, Executable } from "../../lib/runtime/executable.js";
import { simplify } from "../../lib/transform/simplify.js";

export type RunOptions = Omit<CompileOptions, "name"> & { readonly lanes: number };

/** Evaluates a graph at values for its inputs; laned ones hold their lanes one after the other. */
export type Evaluate = (
  graph: Graph,
  values: readonly ArrayLike<number>[],
  options: RunOptions,
) => TypedArray[];

const opened = new Map<string, Device>();

function deviceOf(simd: string, threads: number): Device {
  const key = `${simd} ${threads}`;
  const device = opened.get(key) ?? openDevice({ device: "cpu", simd, threads });
  opened.set(key, device);
  return device;
}

/** SIMD levels of this machine, the best last. */
export const simdLevels: readonly string[] = loadAddon().simdLevels;
const best = simdLevels.at(-1) as string;

/** The CPU device. The graph is simplified first, as it always is in use. */
export function cpu(simd: string = best, threads = 1): Evaluate {
  return (graph, values, options) =>
    runOn(deviceOf(simd, threads), simplify(graph), values, options);
}

/** Outputs that take over an input's slot are read back from there; what no output takes over must stay as it was. */
export function runOn(
  device: Device,
  graph: Graph,
  values: readonly ArrayLike<number>[],
  options: RunOptions,
): TypedArray[] {
  const executable = Executable.compile(device, graph, { ...options, name: "case" });
  return runExecutable(device, executable, graph, values, options);
}

/** Runs what a graph was compiled to, and disposes of it. */
export function runExecutable(
  device: Device,
  executable: Executable,
  graph: Graph,
  values: readonly ArrayLike<number>[],
  options: RunOptions,
): TypedArray[] {
  const { lanes, donate = new Map<number, number>(), lanedOutputs } = options;
  const host = (type: Type, laned = type.laned) =>
    allocate(type.dtype, sizeOf(type.shape) * (laned ? lanes : 1));
  const inputs = graph.inputs.map(({ type }, i) => {
    const data = host(type);
    data.set(values[i] as ArrayLike<number>);
    const buffer = device.allocate(data.byteLength);
    if (data.length > 0) buffer.write(data, 0);
    return { buffer, offset: 0 };
  });
  const results = graph.outputs.map(({ type }, i) => host(type, lanedOutputs?.[i]));
  const fresh = results.map((data, i) => {
    const donor = donate.get(i);
    if (donor !== undefined) return inputs[donor] as (typeof inputs)[0];
    return { buffer: device.allocate(data.byteLength), offset: 0 };
  });
  const job = new DeviceJob(device);
  job.call(
    executable,
    inputs,
    fresh.filter((_, i) => !donate.has(i)),
  );
  job.runSync();
  results.forEach((data, i) => {
    if (data.length > 0) fresh[i]?.buffer.read(data, 0);
  });
  const taken = new Set(donate.values());
  graph.inputs.forEach(({ type }, i) => {
    if (taken.has(i)) return;
    const data = host(type);
    const { buffer } = inputs[i] as (typeof inputs)[0];
    if (data.length > 0) buffer.read(data, 0);
    const given = values[i] as ArrayLike<number>;
    const changed = data.findIndex((v, at) => !Object.is(v, given[at]));
    if (changed >= 0) throw new Error(`input ${i} was written to, at element ${changed}`);
  });
  for (const { buffer } of [...inputs, ...fresh]) buffer.dispose();
  executable.native.dispose();
  return results;
}
