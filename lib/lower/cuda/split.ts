/** Work with few results is cut into parts, which are added up by a second step in a fixed order. */
import { BYTES, type DType, rowMajor } from "../../ir/types.js";
import { Buffer, type BufferRef } from "../buffer.js";
import { collapseReduce } from "../collapse.js";
import type { Instruction, ReduceStep, View } from "../program.js";
import { filterGradSplits } from "./conv.js";
import { extents, reductionParts } from "./reduction.js";
import type { ConvGroupStep, ConvJob, CudaBufferStep, PartialReduceStep } from "./steps.js";

type Reduce = ReduceStep<BufferRef>;
type Outputs = Reduce["outputs"];

const workspace = (dtype: DType, elements: number): BufferRef => ({
  buffer: new Buffer(dtype, elements * BYTES[dtype]),
  offset: 0,
});

function cutReduction(step: Reduce): CudaBufferStep[] {
  const wanted = reductionParts(step);
  if (wanted === 1) return [step];
  const { outputs: results, elements } = extents(step);
  const chunk = Math.ceil(elements / wanted);
  const parts = Math.ceil(elements / chunk);
  const kept = step.dims.slice(0, step.dims.length - step.reduced);
  // Sums of parts keep the precision that sums have within one.
  const dtype = step.kind === "sum" ? "float64" : step.compute;
  const strides = rowMajor([...kept, parts]);
  const partial: View<BufferRef>[] = step.outputs.map(() => ({
    ref: workspace(dtype, results * parts),
    dtype,
    strides,
  }));
  const first: PartialReduceStep<BufferRef> = {
    ...step,
    op: "partialReduce",
    parts,
    chunk,
    outputs: step.outputs.map(({ register }, i) => ({
      register,
      view: partial[i] as View<BufferRef>,
    })),
  };
  const second: Reduce = {
    op: "reduce",
    compute: dtype,
    kind: step.kind,
    dims: [...kept, parts],
    reduced: 1,
    loads: partial,
    code: [],
    outputs: step.outputs.map(({ view }, i) => ({ register: i, view })),
  };
  return [first, collapseReduce(second)];
}

export function splitReductions(steps: readonly CudaBufferStep[]): CudaBufferStep[] {
  return steps.flatMap((step) => (step.op === "reduce" ? cutReduction(step) : [step]));
}

/** Adds the parts of a filter gradient, and what was there before where it accumulates. */
function sumParts(
  job: ConvJob<BufferRef>,
  parts: BufferRef,
  size: number,
  splits: number,
  dtype: Reduce["compute"],
): Reduce {
  const { lanes, out, accumulate } = job;
  const part: View<BufferRef> = { ref: parts, dtype, strides: [size, 1, lanes * size] };
  const before: View<BufferRef> = { ref: out.ref, dtype, strides: [out.laneStride, 1, 0] };
  // Counted with the first part only.
  const addBefore: Instruction[] = [
    { op: "iota", dim: 2 },
    { op: "constant", value: 0 },
    { op: "eq", args: [2, 3] },
    { op: "select", args: [4, 1, 3] },
    { op: "add", args: [0, 5] },
  ];
  const view: View<BufferRef> = { ref: out.ref, dtype, strides: [out.laneStride, 1] };
  const outputs: Outputs = [{ register: accumulate ? 6 : 0, view }];
  return collapseReduce({
    op: "reduce",
    compute: dtype,
    kind: "sum",
    dims: [lanes, size, splits],
    reduced: 1,
    loads: accumulate ? [part, before] : [part],
    code: accumulate ? addBefore : [],
    outputs,
  });
}

function cutFilterGrad(step: ConvGroupStep<BufferRef>): CudaBufferStep[] {
  const { window, dtype, jobs } = step;
  const splits = filterGradSplits(step);
  if (splits <= 1) return [step];
  const size = window.kh * window.kw * window.c * window.o;
  const places = jobs.map((job) => workspace(dtype, splits * job.lanes * size));
  const cut = jobs.map((job, i) => ({
    ...job,
    out: { ref: places[i] as BufferRef, laneStride: size },
    accumulate: false,
    splitStride: job.lanes * size,
  }));
  return [
    { ...step, jobs: cut, splits },
    ...jobs.map((job, i) => sumParts(job, places[i] as BufferRef, size, splits, dtype)),
  ];
}

export function splitFilterGrads(steps: readonly CudaBufferStep[]): CudaBufferStep[] {
  return steps.flatMap((step) =>
    step.op === "convGroup" && step.kind === "conv2dFilterGrad" ? cutFilterGrad(step) : [step],
  );
}
