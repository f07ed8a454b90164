/** Every primitive and its derivatives on the CPU, held against the reference and against itself under every switch. */
import fc from "fast-check";
import { describe, test } from "vitest";
import type { TypedArray } from "../../lib/ir/array.js";
import type { Graph } from "../../lib/ir/graph.js";
import { type FloatDType, sizeOf } from "../../lib/ir/types.js";
import { interpret } from "../../lib/reference/interpret.js";
import { cpu, simdLevels } from "./backends.js";
import { cases } from "./cases.js";
import { expectClose, expectSameBits } from "./compare.js";
import { argumentValues, lanedGraph } from "./graphs.js";
import { LANES, programs, valuesFor } from "./programs.js";

const RUNS = 6;

describe.each(cases)("$name", ({ instances, tolerance }) => {
  const check = (
    dtype: FloatDType,
    property: (graph: Graph, values: number[][], label: string) => void,
  ) =>
    fc.assert(
      fc.property(instances, (instance) => {
        for (const [what, graph] of programs(instance, dtype))
          property(graph, valuesFor(graph, instance, dtype), what);
      }),
      { numRuns: RUNS },
    );

  test.each(["float32", "float64"] as const)(
    "%s: as the reference on every SIMD level",
    (dtype) => {
      check(dtype, (graph, values, label) => {
        const expected = interpret(graph, values, LANES);
        for (const simd of simdLevels) {
          const got = cpu(simd)(graph, values, { lanes: LANES, poison: true });
          expectClose(got, expected, tolerance[dtype], `${label}, ${simd}`);
        }
      });
    },
  );

  test.each(["float32", "float64"] as const)(
    "%s: the same bits with two threads, unmerged kernels or memory that is not shared",
    (dtype) => {
      check(dtype, (graph, values, label) => {
        const plain = cpu()(graph, values, { lanes: LANES });
        const switches: [string, TypedArray[]][] = [
          ["two threads", cpu(simdLevels.at(-1), 2)(graph, values, { lanes: LANES })],
          ["poisoned", cpu()(graph, values, { lanes: LANES, poison: true })],
          ["unshared", cpu()(graph, values, { lanes: LANES, poison: true, shareMemory: false })],
          ["unmerged", cpu()(graph, values, { lanes: LANES, merge: false })],
        ];
        for (const [name, got] of switches) expectSameBits(got, plain, `${label}, ${name}`);
      });
    },
  );

  test("any arguments may be laned", () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const graph = lanedGraph(instance, "float64");
        const values = argumentValues(instance, "float64").map((v, i) =>
          graph.inputs[i]?.type.laned ? [...v, ...v.toReversed(), ...v] : v,
        );
        const got = cpu()(graph, values, {
          lanes: LANES,
          poison: true,
          lanedOutputs: graph.outputs.map((y) => y.type.laned),
        });
        expectClose(got, interpret(graph, values, LANES), tolerance.float64, "laned arguments");
      }),
      { numRuns: RUNS * 2 },
    );
  });

  test("lanes in one program are as many programs of one lane", () => {
    check("float64", (graph, values, label) => {
      if (label === "value") return;
      const together = cpu()(graph, values, { lanes: LANES });
      for (let lane = 0; lane < LANES; lane++) {
        const own = (data: ArrayLike<number>, i: "inputs" | "outputs", at: number) => {
          const { type } = graph[i][at] as Graph["inputs"][number];
          if (!type.laned) return Array.from(data);
          const size = sizeOf(type.shape);
          return Array.from(data).slice(lane * size, (lane + 1) * size);
        };
        const single = cpu()(
          graph,
          values.map((v, at) => own(v, "inputs", at)),
          { lanes: 1, lanedOutputs: graph.outputs.map((y) => y.type.laned) },
        );
        const part = together.map((v, at) => own(v, "outputs", at));
        expectClose(part, single, tolerance.float64, `lane ${lane}`);
      }
    });
  });
});
