/** Kernels over nothing are not launched; reductions of nothing have a result all the same. */
import type { BufferRef } from "../buffer.js";
import type { MapStep, ReduceStep } from "../program.js";
import { extents, identityOf } from "./reduction.js";
import type { CudaBufferStep } from "./steps.js";

function ofNothing(step: ReduceStep<BufferRef>): MapStep<BufferRef> {
  return {
    op: "map",
    compute: step.compute,
    dims: step.dims.slice(0, step.dims.length - step.reduced),
    loads: [],
    code: [{ op: "constant", value: identityOf(step.kind) }],
    stores: step.outputs.map(({ view }) => ({ register: 0, view })),
  };
}

export function withoutEmpty(steps: readonly CudaBufferStep[]): CudaBufferStep[] {
  return steps.flatMap((step): CudaBufferStep[] => {
    if (step.op === "map") return step.dims.includes(0) ? [] : [step];
    if (step.op !== "reduce") return [step];
    const { outputs, elements } = extents(step);
    if (outputs === 0) return [];
    return elements === 0 ? [ofNothing(step)] : [step];
  });
}
