/** How large a compiled program is. */
import type { Executable } from "../lib/runtime/executable.js";
import { launchesOf } from "./kernels-of.js";

export interface ProgramSize {
  readonly name: string;
  /** Of one run, each once however many blocks of the batch it runs on; on a GPU launches. */
  readonly kernels: number;
  readonly arenaBytes: number;
  /** Operations of all its kernels, and bytes that they touch. */
  readonly flops: number;
  readonly bytes: number;
}

export function sizesOf(programs: readonly Executable[]): ProgramSize[] {
  return programs.map((executable) => {
    const { compiled, cost } = executable;
    const { name, arenaBytes } = compiled.program;
    return { name, kernels: launchesOf(executable), arenaBytes, ...cost };
  });
}
