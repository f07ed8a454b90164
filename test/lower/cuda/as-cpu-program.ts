/**
 * A program arranged for CUDA as one for the CPU: the same order, the same places in memory. What
 * would run at once runs in reverse order, so that what waited for something else is found out.
 */
import { BYTES, type DType, rowMajor } from "../../../lib/ir/types.js";
import { arrange, moments } from "../../../lib/lower/cuda/lower.js";
import { identityOf } from "../../../lib/lower/cuda/reduction.js";
import {
  type ConvGroupStep,
  type CudaBufferStep,
  type CudaStep,
  mapCudaRefs,
  type PartialReduceStep,
} from "../../../lib/lower/cuda/steps.js";
import type { Stage } from "../../../lib/lower/cuda/waves.js";
import type { Lowered } from "../../../lib/lower/options.js";
import { placeIn, planMoments } from "../../../lib/lower/plan.js";
import type { MapStep, Ref, Step } from "../../../lib/lower/program.js";

const moved = (ref: Ref, elements: number, dtype: DType): Ref => ({
  ...ref,
  offset: ref.offset + elements * BYTES[dtype],
});

function fill(
  value: number,
  dims: readonly number[],
  view: MapStep["stores"][number]["view"],
): MapStep {
  const compute = view.dtype === "float64" ? "float64" : "float32";
  return {
    op: "map",
    compute,
    dims,
    loads: [],
    code: [{ op: "constant", value }],
    stores: [{ register: 0, view }],
  };
}

/** All of each sum in its first part. */
function inFirstPart({ parts, chunk: _, ...step }: PartialReduceStep): Step[] {
  const kept = step.dims.slice(0, step.dims.length - step.reduced);
  const outputs = step.outputs.map(({ register, view }) => ({
    register,
    view: { ...view, strides: view.strides.slice(0, -1) },
  }));
  return [
    { ...step, op: "reduce", outputs },
    ...step.outputs.map(({ view }) =>
      fill(identityOf(step.kind), [...kept, parts - 1], {
        ...view,
        ref: moved(view.ref, view.strides.at(-1) as number, view.dtype),
      }),
    ),
  ];
}

function oneByOne({ kind, dtype, window, jobs, splits }: ConvGroupStep): Step[] {
  const size = window.kh * window.kw * window.c * window.o;
  return jobs.flatMap(({ images, lanes, terms, out, accumulate, splitStride }): Step[] => [
    ...terms.map(
      ({ a, b }, i): Step => ({
        op: kind,
        dtype,
        window: { ...window, n: images },
        lanes,
        accumulate: accumulate || i > 0,
        a,
        b,
        out,
      }),
    ),
    ...(splits > 1
      ? [
          fill(0, [splits - 1, lanes * size], {
            ref: moved(out.ref, splitStride, dtype),
            dtype,
            strides: rowMajor([splits - 1, lanes * size]),
          }),
        ]
      : []),
  ]);
}

function cpuSteps(step: CudaStep): Step[] {
  if (step.op === "partialReduce") return inFirstPart(step);
  return step.op === "convGroup" ? oneByOne(step) : [step];
}

const ordered = (stage: Stage): CudaBufferStep[] =>
  stage.kind === "step"
    ? [stage.step]
    : [...stage.chain.flatMap((wave) => [...wave].reverse()), ...[...stage.steps].reverse()];

export function asCpuProgram(...[graph, options]: Parameters<typeof arrange>): Lowered {
  const { built, stages } = arrange(graph, options);
  const plan = planMoments(stages.flatMap(moments), options.shareMemory ?? true);
  const place = placeIn(plan);
  return {
    program: {
      name: options.name,
      arenaBytes: plan.bytes,
      slots: built.slots,
      steps: stages.flatMap(ordered).flatMap((step) => cpuSteps(mapCudaRefs(step, place))),
    },
    outputSlots: built.outputs.map((o) => o.slot),
    constants: built.constants,
  };
}
