/**
 * `bench profile`: where the time of programs goes. Every kernel call is run by itself, many times over, on
 * memory that the whole program has filled; its operands are then in the caches, if they fit. A kernel within
 * blocks runs on all of them without the kernels beside it: it loses what blocks are for, and pays for their start (20 µs).
 */
import { tune } from "../lib/index.js";
import type { Program } from "../lib/lower/program.js";
import { type Device, openDevice } from "../lib/runtime/device.js";
import type { KernelCost } from "./kernel-cost.js";
import { costOf, kernelsOf, programOf } from "./kernels-of.js";
import { LoadedProgram } from "./loaded-program.js";
import { describeMachine, type Machine, sgemmRate } from "./machine.js";
import { placeOptions } from "./place.js";
import { recordPrograms } from "./recorder.js";
import { type Method, tuneOptions } from "./setting.js";
import { type ModelName, stepPrograms } from "./step-programs.js";

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

export interface ProfileOptions {
  /** LeNet's programs for this method, unless there is a model. */
  readonly method: Method;
  /** The steps of this model, in so many lanes, on batches of so many examples. */
  readonly model?: ModelName;
  readonly lanes: number;
  readonly batch: number;
  /** Names of programs; none for all. */
  readonly program: readonly string[];
  readonly threads?: number;
}

/** Programs depend on shapes alone, so blank images do. */
export async function lenetPrograms(method: Method): Promise<Program[]> {
  const split = (count: number) => ({
    x: { data: new Float32Array(count * 784), shape: [count, 28, 28, 1] },
    y: { data: new Int32Array(count), shape: [count] },
  });
  const data = { name: "blank", classes: 10, train: split(60_000), test: split(10_000) };
  const options = tuneOptions({ data, method, lr: 0.01, steps: 50, seed: 0 });
  const { value: study, programs } = recordPrograms(() =>
    tune({ ...options, signal: AbortSignal.abort() }),
  );
  await study.result;
  return programs.map(programOf);
}

function modelPrograms(model: ModelName, lanes: number, batch: number): Program[] {
  const { plain, tangents, adjoints } = stepPrograms({ model, lanes, batch });
  return [plain(), tangents(), adjoints()];
}

/** Programs have hundreds of kernels, and the slowest of them take tens of milliseconds. */
const BRIEFLY = [30, 3] as const;

function profileProgram(device: Device, program: Program): ProgramProfile {
  const loaded = new LoadedProgram(device, program);
  const { name, arenaBytes } = program;
  const ms = loaded.time().median;
  const kernels = kernelsOf(program).map((placed): TimedKernel => {
    return { ...costOf(placed), ms: loaded.time([placed.alone], ...BRIEFLY).median };
  });
  return { name, ms, arenaBytes, kernels };
}

/** @throws when no program has one of the names */
export async function runProfile(options: ProfileOptions): Promise<ProfileResult> {
  const { method, model, lanes, batch, program: names, threads } = options;
  const machine = describeMachine();
  const all = model ? modelPrograms(model, lanes, batch) : await lenetPrograms(method);
  const unknown = names.filter((name) => !all.some((p) => p.name === name));
  if (unknown.length > 0)
    throw new Error(
      `Expected programs among ${all.map((p) => p.name).join(", ")}; received ${unknown.join(", ")}.`,
    );
  const chosen = names.length > 0 ? all.filter((p) => names.includes(p.name)) : all;
  const device = openDevice(placeOptions({ threads }));
  try {
    const programs = chosen.map((program) => profileProgram(device, program));
    return { machine, threads: device.threads, sgemmGflops: sgemmRate(device), programs };
  } finally {
    device.dispose();
  }
}
