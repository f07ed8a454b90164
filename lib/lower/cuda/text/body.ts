/**
 * A body is a device function that does one step, or several alike, with the threads of the blocks it
 * is given. It finds its operands in a table of pointers.
 */
import { BYTES } from "../../../ir/types.js";
import type { Ref, View } from "../../program.js";
import { C_TYPES } from "./scalars.js";

export interface Body {
  /** Statements, with `p` the pointers, `block` the number of the block, and `scratch` a shared double for each thread. */
  readonly text: string;
  readonly args: readonly Ref[];
  /** How many blocks share the work. */
  readonly blocks: number;
}

/** Threads that do a body, and how many blocks it may have: null for as many as it wants. */
export interface Crew {
  readonly threads: number;
  readonly blocks: number | null;
}

export const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

/** A local pointer for every operand: l0, l1, … to load from and s0, s1, … to store to. */
export function pointersText(
  loads: readonly View<unknown>[],
  stores: readonly View<unknown>[],
): string[] {
  const pointer = (kind: string, name: string, view: View<unknown>, at: number) => {
    const type = `${kind}${C_TYPES[view.dtype]}*`;
    return `${type} ${name} = static_cast<${type}>(p[${at}]);`;
  };
  return [
    ...loads.map((v, i) => pointer("const ", `l${i}`, v, i)),
    ...stores.map((v, i) => pointer("", `s${i}`, v, loads.length + i)),
  ];
}

/** Known to begin at a multiple of `elements` of its own: what callers bind may begin anywhere. */
export const isAligned = (view: View, elements: number): boolean =>
  view.ref.space === "arena" && view.ref.offset % (elements * BYTES[view.dtype]) === 0;
