/** What a timed program of ours prints: one line of JSON. */
import type { Executable } from "../../lib/runtime/executable.js";
import { productFlops, programOf } from "../kernels-of.js";
import type { ProgramSize } from "../program-size.js";
import type { Spread } from "../statistics.js";

export interface Figure {
  readonly msPerStep: Spread;
  readonly peakRssMb: number;
  /** Arithmetic of a step's convolutions and products as it was compiled; null where the work is counted by hand. */
  readonly gflop: number | null;
  /** What was compiled, where it is of interest. */
  readonly programs?: readonly ProgramSize[];
}

export function printFigure(msPerStep: Spread, more: Partial<Figure> = {}): void {
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  const figure: Figure = { msPerStep, peakRssMb, gflop: null, ...more };
  console.log(JSON.stringify(figure));
}

/** GFLOP of a program's convolutions and products; null on CUDA, where they are pieces of launches. */
export const productGflop = (executable: Executable): number | null =>
  "launches" in executable.compiled.program ? null : productFlops(programOf(executable)) / 1e9;

/**
 * The program of that name among those compiled.
 *
 * @throws when there is none, for instance because memory was too small for so many lanes
 */
export function programNamed(programs: readonly Executable[], name: string): Executable {
  const names = programs.map((p) => p.compiled.program.name);
  const found = programs[names.indexOf(name)];
  if (!found) throw new Error(`Expected a program "${name}" among ${names.join(", ")}.`);
  return found;
}
