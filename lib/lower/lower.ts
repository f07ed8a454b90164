/** Lowers a simplified graph to a program for the CPU: kernels, blocks of the batch, memory. */
import type { Graph } from "../ir/graph.js";
import { lowerRegions } from "./batch/regions.js";
import { mapRefs } from "./buffer.js";
import { buildSteps, deliver } from "./build.js";
import type { Lowered, LowerOptions } from "./options.js";
import { placeIn, planMemory } from "./plan.js";

/**
 * @throws GLOCAL_BAD_OPTION when an output is donated to an input of another type
 */
export function lower(whole: Graph, options: LowerOptions): Lowered {
  const { graph, regions } = lowerRegions(whole, options, lower);
  const built = buildSteps(graph, options, { regions });
  const steps = deliver(built);
  const plan = planMemory(steps, options.shareMemory);
  return {
    program: {
      name: options.name,
      arenaBytes: plan.bytes,
      slots: built.slots,
      steps: steps.map((step) => mapRefs(step, placeIn(plan))),
    },
    outputSlots: built.outputs.map((o) => o.slot),
    constants: built.constants,
  };
}
