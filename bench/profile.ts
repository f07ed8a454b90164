/**
 * `bench profile`: where the time of a study's programs goes. Every kernel call is run by itself, many times
 * over, on memory that the whole program has filled; its operands are then in the caches, if they fit.
 */
import { tune } from "../lib/index.js";
import type { TypedArray } from "../lib/ir/array.js";
import { encode } from "../lib/lower/encode.js";
import type { Program, Slot } from "../lib/lower/program.js";
import { Job } from "../lib/native/job.js";
import { type Device, openDevice } from "../lib/runtime/device.js";
import { type KernelCost, kernelCost } from "./kernel-cost.js";
import { describeMachine, type Machine, sgemmRate } from "./machine.js";
import { recordPrograms } from "./recorder.js";
import { type Method, tuneOptions } from "./setting.js";
import { timeMs } from "./timing.js";

export interface TimedKernel extends KernelCost {
  readonly ms: number;
}

export interface ProgramProfile {
  readonly name: string;
  /** The program run as a whole. */
  readonly ms: number;
  readonly arenaBytes: number;
  readonly kernels: readonly TimedKernel[];
}

export interface ProfileResult {
  readonly machine: Machine;
  readonly threads: number;
  readonly sgemmGflops: number;
  readonly programs: readonly ProgramProfile[];
}

const TRAINING = 54_000;
const CLASSES = 10;

/** Programs depend on shapes alone, so blank images do. */
async function lenetPrograms(method: Method): Promise<Program[]> {
  const split = (count: number) => ({
    x: { data: new Float32Array(count * 784), shape: [count, 28, 28, 1] },
    y: { data: new Int32Array(count), shape: [count] },
  });
  const data = { name: "blank", classes: CLASSES, train: split(60_000), test: split(10_000) };
  const options = tuneOptions({ data, method, lr: 0.01, steps: 50, seed: 0 });
  const { value: study, programs } = recordPrograms(() =>
    tune({ ...options, signal: AbortSignal.abort() }),
  );
  await study.result;
  return programs.map((p) => p.lowered.program);
}

/** What hyperparameters hold: rates near 1, or states would shrink to subnormal numbers, which are slow. */
const RAW_RATE = 8;

/** Otherwise small numbers of both signs; labels; examples all over the training data. */
function contents({ name, dtype, bytes }: Slot): TypedArray {
  if (dtype === "float32") {
    const values = new Float32Array(bytes / 4);
    return name.startsWith("hyper")
      ? values.fill(RAW_RATE)
      : values.map(() => 0.1 * (Math.random() - 0.5));
  }
  if (dtype !== "int32") throw new Error(`A slot of ${dtype} was not expected.`);
  const below = name === "index" ? TRAINING : CLASSES;
  return new Int32Array(bytes / 4).map(() => Math.floor(below * Math.random()));
}

function profileProgram(device: Device, program: Program): ProgramProfile {
  const buffers = program.slots.map((slot) => {
    const buffer = device.allocate(slot.bytes);
    buffer.write(contents(slot), 0);
    return buffer;
  });
  const slots = program.slots.map((_, buffer) => ({ buffer, offset: 0 }));
  /** Milliseconds of one call, `calls` of them in a row. */
  const time = (part: Program, calls: number) => {
    const native = device.native.compile(encode(part), { poison: false });
    const job = new Job();
    for (let i = 0; i < calls; i++) job.call(0, slots);
    const code = job.encode();
    return timeMs(() => device.native.runSync(code, [native], buffers)).median / calls;
  };
  const ms = time(program, 1);
  const kernels = program.steps.map((step): TimedKernel => {
    return { ...kernelCost(step), ms: time({ ...program, steps: [step] }, 20) };
  });
  return { name: program.name, ms, arenaBytes: program.arenaBytes, kernels };
}

/**
 * @param names of programs; none for all
 * @throws when no program has one of the names
 */
export async function runProfile(
  method: Method,
  names: readonly string[],
  threads: number | undefined,
): Promise<ProfileResult> {
  const machine = describeMachine();
  const all = await lenetPrograms(method);
  const unknown = names.filter((name) => !all.some((p) => p.name === name));
  if (unknown.length > 0)
    throw new Error(
      `Expected programs among ${all.map((p) => p.name).join(", ")}; received ${unknown.join(", ")}.`,
    );
  const chosen = names.length > 0 ? all.filter((p) => names.includes(p.name)) : all;
  const device = openDevice(threads === undefined ? {} : { threads });
  try {
    const programs = chosen.map((program) => profileProgram(device, program));
    return { machine, threads: device.threads, sgemmGflops: sgemmRate(device), programs };
  } finally {
    device.dispose();
  }
}
