/** A case of the microbenchmarks: a small program, the least work it stands for, and how it is built. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { DType, Shape } from "../../lib/ir/types.js";
import { lower } from "../../lib/lower/lower.js";
import type { LowerOptions } from "../../lib/lower/options.js";
import type { Program } from "../../lib/lower/program.js";
import { traceFlat } from "../../lib/trace/trace.js";
import { simplify } from "../../lib/transform/simplify.js";
import { productFlops } from "../kernels-of.js";

export const GROUPS = [
  "gemm",
  "conv",
  "fused",
  "normalisation",
  "reduction",
  "pooling",
  "gather",
  "step",
] as const;
export type Group = (typeof GROUPS)[number];

/** What a case is measured in, and so which ceiling is its own. */
export type Work = { readonly flops: number } | { readonly bytes: number };

export interface KernelCase {
  readonly group: Group;
  /** Group, name and shape together say which case it is, in this run and in earlier ones. */
  readonly name: string;
  readonly shape: string;
  readonly program: Program;
  /** Of one call: what no way of computing it can avoid, so that figures of different years compare. */
  readonly work: Work;
  /** Calls that the program stands for. Default 1. */
  readonly times?: number;
}

export interface Operand {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly laned?: boolean;
  readonly name?: string;
}

/** Traces, simplifies and lowers a function of the operands. */
export function programOf(
  operands: readonly Operand[],
  body: (...xs: Tensor[]) => readonly Tensor[],
  options: Omit<LowerOptions, "name"> = {},
): Program {
  const inputs = operands.map(({ shape, dtype = "float32", laned = false, name }, i) => ({
    name: name ?? `x${i}`,
    type: { dtype, shape, laned },
  }));
  const graph = traceFlat(inputs, (xs) => body(...xs));
  return lower(simplify(graph), { name: "case", ...options }).program;
}

/** Multiplications and additions of matrix products and convolutions; a program of any form has the same. */
export const arithmetic = (program: Program): Work => ({ flops: productFlops(program) });

/** Every input read once and every output written once; `inPlace` names slots that are both. */
export function traffic({ slots }: Program, inPlace: readonly number[] = []): Work {
  const bytes = (at: number) => slots[at]?.bytes ?? 0;
  const once = slots.reduce((sum, slot) => sum + slot.bytes, 0);
  return { bytes: inPlace.reduce((sum, slot) => sum + bytes(slot), once) };
}
