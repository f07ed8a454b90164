/** The kernels of a program, wherever they stand in it. */
import type { BlocksStep, Program, Step } from "../lib/lower/program.js";
import type { Executable } from "../lib/runtime/executable.js";
import { type KernelCost, kernelCost } from "./kernel-cost.js";

type Kernel = Exclude<Step, BlocksStep>;

export interface PlacedKernel {
  readonly kernel: Kernel;
  /** How often one run of the program calls it: once for each block of the batch, if it stands within blocks. */
  readonly calls: number;
  /** The step that makes these calls and no other. */
  readonly alone: Step;
}

/** @throws for a program of CUDA, which is made of launches */
export function programOf({ compiled: { program } }: Executable): Program {
  if ("launches" in program) throw new Error(`Expected a program of the CPU: ${program.name}.`);
  return program;
}

export function kernelsOf({ steps }: Program): PlacedKernel[] {
  return steps.flatMap((step): PlacedKernel[] => {
    if (step.op !== "blocks") return [{ kernel: step, calls: 1, alone: step }];
    return kernelsOf(step.program).map(({ kernel, calls, alone }) => ({
      kernel,
      calls: step.blocks * calls,
      alone: { ...step, program: { ...step.program, steps: [alone] } },
    }));
  });
}

/** Kernels of one run, each once however many blocks of the batch it runs on; on CUDA launches. */
export function launchesOf(executable: Executable): number {
  const { program } = executable.compiled;
  return "launches" in program ? program.launches.length : kernelsOf(programOf(executable)).length;
}

/** What all calls of a kernel in one run cost. */
export function costOf({ kernel, calls }: PlacedKernel): KernelCost {
  const { kind, what, flops, bytes } = kernelCost(kernel);
  const times = calls > 1 ? `${calls} times ` : "";
  return { kind, what: `${times}${what}`, flops: calls * flops, bytes: calls * bytes };
}

const PRODUCTS: readonly string[] = ["matmul", "conv2d", "conv2dInputGrad", "conv2dFilterGrad"];

/** Multiplications and additions of a program's matrix products and convolutions. */
export function productFlops(program: Program): number {
  return kernelsOf(program)
    .filter(({ kernel }) => PRODUCTS.includes(kernel.op))
    .reduce((sum, placed) => sum + costOf(placed).flops, 0);
}
