/** What a program for CUDA launches, one line a launch, and the steps that share it indented below. */
import { arrange } from "../../../lib/lower/cuda/lower.js";
import type { CudaBufferStep } from "../../../lib/lower/cuda/steps.js";
import type { Stage } from "../../../lib/lower/cuda/waves.js";
import { printStep } from "../lenet-step.js";

function print(step: CudaBufferStep): string {
  switch (step.op) {
    case "convGroup": {
      const { h, w, c, kh, kw, o } = step.window;
      const jobs = step.jobs.map(
        (job) =>
          `${job.lanes}×${job.images} images, ${job.terms.length} terms${job.accumulate ? ", accumulates" : ""}`,
      );
      const parts = step.splits > 1 ? ` in ${step.splits} parts` : "";
      return `${step.kind} ${h}×${w}×${c} kernel ${kh}×${kw}×${o}: ${jobs.join("; ")}${parts}`;
    }
    case "partialReduce":
      return `${step.kind} [${step.dims}] over ${step.reduced} in ${step.parts} parts, loads ${step.loads.length} code ${step.code.length} outputs ${step.outputs.length}`;
    default:
      return printStep(step);
  }
}

function printStage(stage: Stage): string[] {
  if (stage.kind === "step") return [print(stage.step)];
  const { steps, chain } = stage;
  return [
    `kernel of ${steps.length} steps and ${chain.length} waves`,
    ...steps.map((step) => `  ${print(step)}`),
    ...chain.flatMap((wave, i) => wave.map((step) => `  ${i}: ${print(step)}`)),
  ];
}

export const printStages = (...of: Parameters<typeof arrange>): string =>
  arrange(...of)
    .stages.flatMap(printStage)
    .join("\n");
