/** Steps as they are arranged for CUDA, done on the CPU: no order, group or place in memory loses anything. */
import fc from "fast-check";
import { describe, test } from "vitest";
import type { Tensor } from "../../../lib/ir/graph.js";
import { encode } from "../../../lib/lower/encode.js";
import * as ops from "../../../lib/ops/index.js";
import { interpret } from "../../../lib/reference/interpret.js";
import { openDevice } from "../../../lib/runtime/device.js";
import { Executable } from "../../../lib/runtime/executable.js";
import { traceFlat } from "../../../lib/trace/trace.js";
import { simplify } from "../../../lib/transform/simplify.js";
import { type Evaluate, type RunOptions, runExecutable } from "../../conformance/backends.js";
import { expectClose } from "../../conformance/compare.js";
import { LANES as STEP_LANES, trainingStep } from "../batch/training-step.js";
import { build, expected, randomProgram, valuesFor } from "../random-program.js";
import { asCpuProgram } from "./as-cpu-program.js";
import { models } from "./models.js";

const LANES = 3;
const RUNS = Number(process.env["GLOCAL_RANDOM_PROGRAMS"] ?? 300);
/** As for random programs on the CPU. */
const TOLERANCE = { float64: 1e-9, mixed: 2e-3 };

const device = openDevice({ device: "cpu", threads: 1 });

const arranged: Evaluate = (graph, values, options) => {
  const simple = simplify(graph);
  const lowered = asCpuProgram(simple, { ...options, name: "case" });
  const compilable = { ...lowered, cost: { flops: 0, bytes: 0 }, scratchBytes: 0 };
  const code = () => encode(lowered.program);
  const executable = Reflect.construct(Executable, [{ ...compilable, code }, device, true]);
  return runExecutable(device, executable as Executable, simple, values, options);
};

describe.each([
  ["float64", false],
  ["mixed", true],
] as const)("random programs in %s dtypes", (kind, narrow) => {
  test("give what the reference gives", () => {
    fc.assert(
      fc.property(randomProgram(narrow), (program) => {
        const built = build(program);
        const { graph, donate, lanedOutputs } = built;
        const values = valuesFor(graph, program.seed, LANES);
        const want = expected(built, values, LANES);
        const options: RunOptions = { lanes: LANES, lanedOutputs, donate };
        expectClose(arranged(graph, values, options), want, TOLERANCE[kind], "donated");
        const apart = { ...options, donate: new Map(), shareMemory: false };
        expectClose(arranged(graph, values, apart), want, TOLERANCE[kind], "apart");
      }),
      { numRuns: RUNS },
    );
  });
});

test("a sum that is an output, and that another output needs, is read where a product accumulated it", () => {
  const matrix = { dtype: "float64", shape: [2, 2], laned: false } as const;
  const graph = traceFlat(
    ["x", "y", "z", "w"].map((name) => ({ name, type: matrix })),
    (xs) => {
      const [x, y, z, w] = xs as [Tensor, Tensor, Tensor, Tensor];
      const sum = ops.add(ops.matmul(x, y), ops.matmul(z, w));
      return [sum, ops.add(ops.add(x, sum), sum)];
    },
  );
  const values = [1, 2, 3, 4].map((k) => [k, -k, 0.5, k + 1]);
  expectClose(arranged(graph, values, { lanes: 1 }), interpret(graph, values), 1e-12, "sum");
});

describe.each(Object.entries(models))("a training step with %s", (_, model) => {
  test.each(["plain", "tangents", "adjoints"] as const)("(%s)", (mode) => {
    const { graph, donate, lanedOutputs, values } = trainingStep(model, mode);
    const want = interpret(graph, values, STEP_LANES);
    const options: RunOptions = { lanes: STEP_LANES, lanedOutputs, donate };
    expectClose(arranged(graph, values, options), want, 1e-12, mode);
  });
});
