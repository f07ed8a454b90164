/** The conformance suite on CUDA: every primitive and its derivatives, in lanes, fused and not, against the reference. */
import fc from "fast-check";
import { describe, test } from "vitest";
import type { TypedArray } from "../../lib/ir/array.js";
import type { Graph } from "../../lib/ir/graph.js";
import { interpret } from "../../lib/reference/interpret.js";
import { simplify } from "../../lib/transform/simplify.js";
import { type RunOptions, runOn } from "../conformance/backends.js";
import { cases } from "../conformance/cases.js";
import { expectClose, expectSameBits } from "../conformance/compare.js";
import { argumentValues, lanedGraph } from "../conformance/graphs.js";
import { LANES, programs, valuesFor } from "../conformance/programs.js";
import { onGpu, openCuda } from "./device.js";

/** Every program is compiled anew: half a second each on the mock. */
const RUNS = onGpu ? 6 : 1;
const device = openCuda();

const cuda = (
  graph: Graph,
  values: readonly ArrayLike<number>[],
  options: RunOptions,
): TypedArray[] => runOn(device, simplify(graph), values, options);

describe.each(cases)("$name", ({ instances, tolerance }) => {
  test.each(["float32", "float64"] as const)("%s: as the reference", (dtype) => {
    fc.assert(
      fc.property(instances, (instance) => {
        for (const [what, graph] of programs(instance, dtype)) {
          const values = valuesFor(graph, instance, dtype);
          const got = cuda(graph, values, { lanes: LANES, poison: true });
          expectClose(got, interpret(graph, values, LANES), tolerance[dtype], what);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("the same bits with unmerged kernels or memory that is not shared", () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const [, graph] = programs(instance, "float32").at(-1) as [string, Graph];
        const values = valuesFor(graph, instance, "float32");
        const plain = cuda(graph, values, { lanes: LANES });
        const unshared = { lanes: LANES, poison: true, shareMemory: false };
        expectSameBits(cuda(graph, values, unshared), plain, "unshared");
        expectSameBits(cuda(graph, values, { lanes: LANES, merge: false }), plain, "unmerged");
      }),
      { numRuns: RUNS },
    );
  });

  test("any arguments may be laned", () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const graph = lanedGraph(instance, "float64");
        const values = argumentValues(instance, "float64").map((v, i) =>
          graph.inputs[i]?.type.laned ? [...v, ...v.toReversed(), ...v] : v,
        );
        const lanedOutputs = graph.outputs.map((y) => y.type.laned);
        const got = cuda(graph, values, { lanes: LANES, poison: true, lanedOutputs });
        expectClose(got, interpret(graph, values, LANES), tolerance.float64, "laned arguments");
      }),
      { numRuns: RUNS },
    );
  });
});
