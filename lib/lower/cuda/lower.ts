/** Lowers a simplified graph to a program for CUDA: the CPU's kernels rearranged for many threads and few launches. */
import type { Graph } from "../../ir/graph.js";
import type { BufferRef } from "../buffer.js";
import { buildSteps, deliver } from "../build.js";
import { type Cost, stepsCost } from "../cost.js";
import type { Lowered, LowerOptions } from "../options.js";
import { placeIn, planMoments } from "../plan.js";
import type { Ref } from "../program.js";
import type { FusionLimits } from "../schedule.js";
import { convGroups, groupJobs, pairTerms } from "./conv-groups.js";
import { withoutEmpty } from "./empty.js";
import { LaunchList } from "./launch-list.js";
import type { CudaProgram } from "./launches.js";
import { overwriteLast } from "./overwrite-last.js";
import { splitFilterGrads, splitReductions } from "./split.js";
import { type CudaStep, cudaAccesses, mapCudaRefs } from "./steps.js";
import { type GeneratedStep, type Stage, stages } from "./waves.js";

export interface CudaLowerOptions extends LowerOptions {
  /** Multiplies float32 in TF32: 10 bits of mantissa, and much faster. Default false. */
  readonly tf32?: boolean;
}

export interface LoweredCuda extends Omit<Lowered, "program"> {
  readonly program: CudaProgram;
  readonly cost: Cost;
}

/** Arithmetic is cheap beside memory and launches. */
const LIMITS: FusionLimits = {
  recompute: 16,
  stretch: { cost: 6, times: 64, lanes: false },
  loads: 24,
  operations: 128,
  merged: 40,
  outputsAnew: true,
};

/** What is launched, in order; the batch is never cut into blocks: a GPU wants all the work there is. */
export function arrange(graph: Graph, options: LowerOptions) {
  const built = buildSteps(graph, options, { limits: LIMITS });
  const delivered = deliver(overwriteLast(built));
  const grouped = groupJobs(pairTerms(convGroups(delivered)));
  const ordered = stages(withoutEmpty(splitReductions(splitFilterGrads(grouped))));
  return { built, stages: ordered, cost: stepsCost(delivered) };
}

export function lowerCuda(graph: Graph, options: CudaLowerOptions): LoweredCuda {
  const { built, stages, cost } = arrange(graph, options);
  const plan = planMoments(stages.flatMap(moments), options.shareMemory ?? true);
  const launches = new LaunchList(options.tf32 ?? false);
  for (const stage of stages) addStage(launches, stage, placeIn(plan));
  return {
    program: {
      name: options.name,
      arenaBytes: plan.bytes,
      slots: built.slots,
      ...launches.finish(),
    },
    outputSlots: built.outputs.map((o) => o.slot),
    constants: built.constants,
    cost,
  };
}

/** What is touched at once. The waves of a chain come one after the other, but beside steps that run all the time. */
export function moments(stage: Stage) {
  if (stage.kind === "step") return [cudaAccesses(stage.step)];
  const { steps, chain } = stage;
  const waves = steps.length > 0 || chain.length === 0 ? [[...steps, ...chain.flat()]] : chain;
  return waves.map((wave) => {
    const all = wave.map(cudaAccesses);
    return { reads: all.flatMap((x) => x.reads), writes: all.flatMap((x) => x.writes) };
  });
}

function addStage(launches: LaunchList, stage: Stage, place: (ref: BufferRef) => Ref): void {
  if (stage.kind === "step") {
    launches.step(mapCudaRefs(stage.step, place) as Exclude<CudaStep, GeneratedStep<CudaStep>>);
    return;
  }
  const placed = (steps: readonly GeneratedStep[]) =>
    steps.map((step) => mapCudaRefs(step, place) as GeneratedStep<CudaStep>);
  launches.kernels(placed(stage.steps), stage.chain.map(placed));
}
