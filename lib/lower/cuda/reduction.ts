/** How threads share a reduction: some across the outputs, some along what is reduced, all in a fixed order. */
import type { Expression, ReduceStep } from "../program.js";
import { BLOCK, FULL, MULTIPROCESSORS, WARP } from "./machine.js";

type Reduction = Expression<unknown> & { readonly reduced: number };

export interface ReductionLayout {
  /** Whether neighbouring threads take neighbouring outputs (columns) or neighbouring elements of one output's (rows). */
  readonly neighbours: "outputs" | "elements";
  /** Threads of a block along what is reduced; the others are across the outputs. Both are powers of two. */
  readonly along: number;
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
const powerAbove = (x: number) => 2 ** Math.ceil(Math.log2(Math.max(1, x)));
const powerBelow = (x: number) => 2 ** Math.floor(Math.log2(Math.max(1, x)));

/** How many outputs there are (of each register), and elements for each. */
export function extents({ dims, reduced }: Reduction): { outputs: number; elements: number } {
  const kept = dims.length - reduced;
  return { outputs: product(dims.slice(0, kept)), elements: product(dims.slice(kept)) };
}

/** Below this many elements every one may have a thread; above, each thread has several before it meets others. */
const SHORT = 64;
const SEVERAL = 4;

/** @param machine threads that could be used */
export function reductionLayout(
  step: Reduction,
  threads: number = BLOCK,
  machine: number = FULL,
): ReductionLayout {
  const { outputs, elements } = extents(step);
  const kept = step.dims.length - step.reduced;
  const count = (dim: number) => step.loads.filter((v) => v.strides[dim] === 1).length;
  const columns = kept > 0 && count(kept - 1) > count(step.dims.length - 1);
  const most = powerBelow(elements < SHORT ? elements : elements / SEVERAL);
  const wanted = powerAbove(machine / outputs);
  if (columns) {
    const across = Math.min(WARP, powerAbove(outputs));
    return { neighbours: "outputs", along: Math.min(wanted, most, threads / across) };
  }
  const along = Math.min(Math.max(wanted, WARP), most, threads);
  return { neighbours: "elements", along };
}

/** Elements of a thread that are worth a further block. */
const WORTH = 8;
/** Blocks that a cut reduction has, about two for each multiprocessor of an H100. */
const BLOCKS = 256;

/** Into how many parts a reduction is cut so that all of a large machine has work; 1 for not at all. */
export function reductionParts(step: Reduction): number {
  const { outputs, elements } = extents(step);
  if (outputs === 0) return 1;
  const { along } = reductionLayout(step);
  const blocks = Math.ceil(outputs / (BLOCK / along));
  if (blocks >= MULTIPROCESSORS / 2) return 1;
  const parts = Math.min(Math.ceil(BLOCKS / blocks), Math.floor(elements / (along * WORTH)));
  return parts < 4 ? 1 : parts;
}

const IDENTITIES = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
} as const;

/** What a reduction of each kind starts from. */
export const identityOf = (kind: ReduceStep["kind"]): number => IDENTITIES[kind];
