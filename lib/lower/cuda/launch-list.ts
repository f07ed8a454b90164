/** Collects the launches of a program and the kernels they name. */
import { convLaunch } from "./conv.js";
import { type FixedLaunch, line } from "./fixed.js";
import type { CudaProgram, Launch } from "./launches.js";
import { MOST_POINTERS } from "./machine.js";
import { KernelTable } from "./modules.js";
import { productLaunches } from "./products.js";
import type { CudaStep } from "./steps.js";
import { structuredLaunch } from "./structured.js";
import { generatedKernel } from "./text/kernel.js";
import { type GeneratedStep, operands } from "./waves.js";

type Placed = GeneratedStep<CudaStep>;

export class LaunchList {
  private readonly table = new KernelTable();
  private readonly launches: Launch[] = [];

  constructor(private readonly tf32: boolean) {}

  step(step: Exclude<CudaStep, Placed>): void {
    if (step.op === "matmul") this.launches.push(...productLaunches(step, this.tf32));
    else if (step.op === "convGroup") this.fixed(convLaunch(step, this.tf32));
    else for (const launch of structuredLaunch(step)) this.fixed(launch);
  }

  /** Steps that do not wait for each other, and a chain beside them. */
  kernels(steps: readonly Placed[], chain: readonly (readonly Placed[])[]): void {
    let now: Placed[] = [];
    let beside = chain;
    let room = MOST_POINTERS - chain.flat().reduce((sum, step) => sum + operands(step), 0);
    for (const step of steps) {
      room -= operands(step);
      if (room < 0) {
        this.kernel(now, beside);
        [now, beside, room] = [[], [], MOST_POINTERS - operands(step)];
      }
      now.push(step);
    }
    this.kernel(now, beside);
  }

  private kernel(steps: readonly Placed[], chain: readonly (readonly Placed[])[]): void {
    const { text, blocks, threads, args } = generatedKernel(steps, chain);
    this.launches.push({
      op: "kernel",
      kernel: this.table.generate(text),
      grid: line(blocks),
      block: [threads, 1, 1],
      args,
    });
  }

  private fixed({ name, ...launch }: FixedLaunch): void {
    if (launch.grid[0] === 0) return;
    this.launches.push({ op: "kernel", kernel: this.table.fix(name), ...launch });
  }

  finish(): Pick<CudaProgram, "modules" | "kernels" | "launches"> {
    return { ...this.table.finish(), launches: this.launches };
  }
}
