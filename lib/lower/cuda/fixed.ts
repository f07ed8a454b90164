/** What a launch of a fixed kernel (`native/cuda/kernels`) is made of. */
import { GlocalError } from "../../errors.js";
import type { Ref } from "../program.js";
import type { Size3 } from "./launches.js";

export interface FixedLaunch<R = Ref> {
  readonly name: string;
  /** Blocks. */
  readonly grid: Size3;
  /** Threads of a block. */
  readonly block: Size3;
  /** In the order of the kernel's parameters, and of the members of those that are structs. */
  readonly args: readonly (R | number)[];
}

/** What a kernel finds where an operand is absent. */
export const NOWHERE = 0;

const MOST_BLOCKS = 2 ** 31 - 1;

/** Kernels number their blocks along x alone, where there is room for 2³¹ − 1. */
export function line(blocks: number): Size3 {
  checkSize("blocks of threads in one launch", blocks, MOST_BLOCKS);
  return [blocks, 1, 1];
}

/** Kernels count in 32 bits where it matters for speed. */
export function checkSize(what: string, size: number, most: number): void {
  if (size <= most) return;
  throw new GlocalError("GLOCAL_BAD_SHAPE", {
    expected: `at most ${most} ${what} on CUDA`,
    received: `${size}`,
    hint: "Take smaller batches or images, or fewer lanes at a time.",
  });
}
