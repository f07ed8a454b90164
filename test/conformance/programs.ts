/** What the suite runs of a case's instance, and the numbers that go in. */
import type { Graph } from "../../lib/ir/graph.js";
import type { FloatDType } from "../../lib/ir/types.js";
import type { Instance } from "./case.js";
import { argumentValues, derivativesGraph, directions, isSmooth, valueGraph } from "./graphs.js";

export const LANES = 3;

/** The value alone, and where there are any all its derivatives with laned tangents. */
export function programs(instance: Instance, dtype: FloatDType): [string, Graph][] {
  const value: [string, Graph] = ["value", valueGraph(instance, dtype)];
  return isSmooth(instance, dtype)
    ? [value, ["derivatives", derivativesGraph(instance, dtype, true)]]
    : [value];
}

export function valuesFor(graph: Graph, instance: Instance, dtype: FloatDType): number[][] {
  const args = argumentValues(instance, dtype);
  return [...args, ...directions(graph, args.length, instance.seed, LANES)];
}
