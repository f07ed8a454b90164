/** The fixed kernels of pooling, rows by index, argmax and random numbers. */
import type { FixedLaunch } from "./conv.js";
import type { CudaStep } from "./steps.js";

export type StructuredStep = Exclude<
  CudaStep,
  { op: "map" | "reduce" | "partialReduce" | "matmul" | "convGroup" }
>;

export function structuredLaunch(step: StructuredStep): readonly FixedLaunch[] {
  return [{ name: step.op, grid: [1, 1, 1], block: [256, 1, 1], args: [] }];
}
