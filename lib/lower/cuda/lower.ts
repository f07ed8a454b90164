/** Lowers a simplified graph to a program for CUDA: the CPU's kernels rearranged for many threads and few launches. */
import type { Graph } from "../../ir/graph.js";
import type { BufferRef } from "../buffer.js";
import { buildSteps, deliver } from "../build.js";
import { type Cost, stepsCost } from "../cost.js";
import type { Lowered, LowerOptions } from "../options.js";
import { placeIn, planMoments } from "../plan.js";
import type { Ref } from "../program.js";
import { convGroups, groupJobs, pairTerms } from "./conv-groups.js";
import { LaunchList } from "./launch-list.js";
import type { CudaProgram } from "./launches.js";
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

/** The batch is never cut into blocks: a GPU wants all the work there is. */
export function lowerCuda(graph: Graph, options: CudaLowerOptions): LoweredCuda {
  const built = buildSteps(graph, options);
  const delivered = deliver(built);
  const grouped = groupJobs(pairTerms(convGroups(delivered)));
  const ordered = stages(splitReductions(splitFilterGrads(grouped)));
  const plan = planMoments(ordered.flatMap(moments), options.shareMemory ?? true);
  const launches = new LaunchList(options.tf32 ?? false);
  for (const stage of ordered) addStage(launches, stage, placeIn(plan));
  return {
    program: {
      name: options.name,
      arenaBytes: plan.bytes,
      slots: built.slots,
      ...launches.finish(),
    },
    outputSlots: built.outputs.map((o) => o.slot),
    constants: built.constants,
    cost: stepsCost(delivered),
  };
}

/** What is touched at once. The waves of a chain come one after the other, but beside steps that run all the time. */
function moments(stage: Stage) {
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
