/** `bench kernels`: the native kernels by themselves, each beside what the machine can do at most. */
import { type Device, openDevice } from "../../lib/runtime/device.js";
import { kernelsOf } from "../kernels-of.js";
import { LoadedProgram } from "../loaded-program.js";
import { describeMachine, type Machine } from "../machine.js";
import { placeOptions } from "../place.js";
import { type Spread, scale } from "../statistics.js";
import { GROUPS, type Group, type KernelCase } from "./case.js";
import { type Ceilings, CeilingsMeter, trafficCeiling } from "./ceilings.js";
import { convolutionCases } from "./convolutions.js";
import { fusedCases } from "./fused.js";
import { normalisationCases } from "./normalisation.js";
import { productCases } from "./products.js";
import { poolingCases, reductionCases } from "./reductions.js";
import { gatherCases } from "./rows.js";
import { stepCases } from "./steps.js";

const CASES: Readonly<Record<Group, () => KernelCase[] | Promise<KernelCase[]>>> = {
  gemm: productCases,
  conv: convolutionCases,
  fused: fusedCases,
  normalisation: normalisationCases,
  reduction: reductionCases,
  pooling: poolingCases,
  gather: gatherCases,
  step: stepCases,
};

export interface KernelsOptions {
  /** Groups to run; none for all. */
  readonly only: readonly Group[];
  readonly threads?: number;
}

export type Rate = { readonly gflops: number } | { readonly gbps: number };

export type CaseResult = {
  readonly name: string;
  readonly group: Group;
  readonly shape: string;
  /** Kernels of one call, each once however many blocks of a batch it runs on. */
  readonly kernels: number;
  readonly ms: Spread;
  /** The rate at the median, as a part of its ceiling. */
  readonly share: number;
} & Rate;

/** What `--json` prints. */
export interface KernelsResult {
  readonly version: typeof KERNELS_VERSION;
  readonly date: string;
  readonly machine: Machine & { readonly threads: number; readonly simd: string };
  readonly ceilings: Ceilings;
  readonly cases: readonly CaseResult[];
}

/** Of the JSON: a change of its form, or of what a case with the same name does, makes a new one. */
export const KERNELS_VERSION = 1;

/** Work done in a time, and how near that is to a ceiling: products, or traffic for what a call touches. */
export function rateOf(
  { work, program, times = 1 }: KernelCase,
  ms: number,
  ceilings: Ceilings,
): { rate: Rate; share: number } {
  if ("flops" in work) {
    const gflops = work.flops / ms / 1e6;
    return { rate: { gflops }, share: gflops / ceilings.sgemmGflops };
  }
  const gbps = work.bytes / ms / 1e6;
  const slots = program.slots.reduce((sum, { bytes }) => sum + bytes, 0);
  const touched = Math.min(slots, times * work.bytes) + program.arenaBytes;
  return { rate: { gbps }, share: gbps / trafficCeiling(ceilings, touched) };
}

interface TimedCase {
  readonly each: KernelCase;
  readonly ms: Spread;
}

function timeCase(device: Device, each: KernelCase): TimedCase {
  return { each, ms: scale(new LoadedProgram(device, each.program).time(), 1 / (each.times ?? 1)) };
}

function resultOf({ each, ms }: TimedCase, ceilings: Ceilings): CaseResult {
  const { name, group, shape, program, times = 1 } = each;
  const { rate, share } = rateOf(each, ms.median, ceilings);
  return { name, group, shape, kernels: kernelsOf(program).length / times, ms, ...rate, share };
}

export async function runKernels(
  { only, threads }: KernelsOptions,
  note: (text: string) => void,
): Promise<KernelsResult> {
  const machine = describeMachine();
  const device = openDevice(placeOptions({ threads }));
  try {
    const meter = new CeilingsMeter(device);
    note("ceilings");
    meter.measureTraffic();
    const timed: TimedCase[] = [];
    for (const group of only.length > 0 ? only : GROUPS) {
      note(group);
      meter.measureProducts();
      for (const each of await CASES[group]()) timed.push(timeCase(device, each));
    }
    meter.measureProducts();
    meter.measureTraffic();
    const { ceilings } = meter;
    return {
      version: KERNELS_VERSION,
      date: new Date().toISOString(),
      machine: { ...machine, threads: device.threads, simd: device.level },
      ceilings,
      cases: timed.map((each) => resultOf(each, ceilings)),
    };
  } finally {
    device.dispose();
  }
}
