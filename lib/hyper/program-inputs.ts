/** How the programs of a study name and group their inputs. */
import type { Type } from "../ir/types.js";
import { isFloat } from "../ir/types.js";
import type { CompileOptions } from "../runtime/executable.js";
import type { InputSpec } from "../trace/trace.js";

/** Switches that tests use to compare; a study leaves them alone. */
export type CompileSwitches = Pick<CompileOptions, "poison" | "merge" | "shareMemory">;

export const laned = (type: Type): Type => ({ ...type, laned: true });
export const spec = (prefix: string, types: readonly Type[]): InputSpec[] =>
  types.map((type, i) => ({ name: `${prefix} ${i}`, type }));

/** Takes consecutive groups from a list. */
export function groups<T>(list: readonly T[], ...sizes: number[]): T[][] {
  let end = 0;
  return sizes.map((size) => {
    end += size;
    return list.slice(end - size, end);
  });
}

/** Indices of the state's floating leaves: those that have tangents. */
export function floatLeaves(types: readonly Type[]): number[] {
  return types.flatMap((t, i) => (isFloat(t.dtype) ? [i] : []));
}
