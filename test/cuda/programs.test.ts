/** Whole programs on CUDA: random ones, and training steps with what they carry along. */
import fc from "fast-check";
import { describe, test } from "vitest";
import type { TypedArray } from "../../lib/ir/array.js";
import type { Graph } from "../../lib/ir/graph.js";
import { interpret } from "../../lib/reference/interpret.js";
import { simplify } from "../../lib/transform/simplify.js";
import { type RunOptions, runOn } from "../conformance/backends.js";
import { expectClose, expectSameBits } from "../conformance/compare.js";
import { LANES as STEP_LANES, trainingStep } from "../lower/batch/training-step.js";
import { models } from "../lower/cuda/models.js";
import { build, expected, randomProgram, valuesFor } from "../lower/random-program.js";
import { onGpu, openCuda, provideCuda } from "./device.js";

const LANES = 3;
/** Every program is compiled anew: half a second each on the mock. */
const RUNS = onGpu ? 300 : 10;
/** As on the CPU. */
const TOLERANCE = { float64: 1e-9, mixed: 2e-3 };
const device = openCuda();

/** Once more with the mock's blocks and threads in the opposite order, in which a race gives other bits. */
function run(
  graph: Graph,
  values: readonly ArrayLike<number>[],
  options: RunOptions,
): TypedArray[] {
  const simple = simplify(graph);
  const forward = runOn(device, simple, values, options);
  provideCuda({ order: "reverse" });
  try {
    expectSameBits(runOn(device, simple, values, options), forward, "in reverse");
  } finally {
    provideCuda();
  }
  return forward;
}

describe.each([
  ["float64", false],
  ["mixed", true],
] as const)("random programs in %s dtypes", (kind, narrow) => {
  test("give what the reference gives", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(randomProgram(narrow), (program) => {
        const built = build(program);
        const { graph, donate, lanedOutputs } = built;
        const values = valuesFor(graph, program.seed, LANES);
        const options = { lanes: LANES, lanedOutputs, donate, poison: true };
        const got = run(graph, values, options);
        expectClose(got, expected(built, values, LANES), TOLERANCE[kind], kind);
      }),
      { numRuns: RUNS },
    );
  });
});

describe.each(Object.entries(models))("a training step with %s", (_, model) => {
  test.each(["plain", "tangents", "adjoints"] as const)("(%s)", (mode) => {
    const { graph, donate, lanedOutputs, values } = trainingStep(model, mode);
    const options = { lanes: STEP_LANES, lanedOutputs, donate, poison: true };
    const got = run(graph, values, options);
    expectClose(got, interpret(graph, values, STEP_LANES), 1e-12, mode);
  });
});
