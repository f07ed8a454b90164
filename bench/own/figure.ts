/** What a timed program of ours prints: one line of JSON. */

import { stepCost } from "../../lib/lower/cost.js";
import type { Program, Step } from "../../lib/lower/program.js";
import type { Executable } from "../../lib/runtime/executable.js";
import type { Spread } from "../statistics.js";

export interface Figure {
  readonly msPerStep: Spread;
  readonly peakRssMb: number;
  /** Arithmetic of a step's convolutions and products as it was compiled; null where the work is counted by hand. */
  readonly gflop: number | null;
}

export function printFigure(msPerStep: Spread, gflop: number | null = null): void {
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  const figure: Figure = { msPerStep, peakRssMb, gflop };
  console.log(JSON.stringify(figure));
}

const PRODUCTS: ReadonlySet<Step["op"]> = new Set([
  "matmul",
  "conv2d",
  "conv2dInputGrad",
  "conv2dFilterGrad",
]);

/** FLOP of a program's convolutions and products, those in blocks of the batch included. */
export function productFlops({ steps }: Program): number {
  const each = steps.map((step) => {
    if (step.op === "blocks") return step.blocks * productFlops(step.program);
    return PRODUCTS.has(step.op) ? stepCost(step).flops : 0;
  });
  return each.reduce((a, b) => a + b, 0);
}

export const productGflop = ({ lowered }: Executable) => productFlops(lowered.program) / 1e9;

/**
 * The program of that name among those compiled.
 *
 * @throws when there is none, for instance because memory was too small for so many lanes
 */
export function programNamed(programs: readonly Executable[], name: string): Executable {
  const names = programs.map((p) => p.lowered.program.name);
  const found = programs[names.indexOf(name)];
  if (!found) throw new Error(`Expected a program "${name}" among ${names.join(", ")}.`);
  return found;
}
