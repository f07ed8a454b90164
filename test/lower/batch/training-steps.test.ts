/** Training steps whose batch runs in blocks: what the batch at once and the reference give. */
import { describe, expect, test } from "vitest";
import { lower } from "../../../lib/lower/lower.js";
import { interpret } from "../../../lib/reference/interpret.js";
import { simplify } from "../../../lib/transform/simplify.js";
import { cpu, simdLevels } from "../../conformance/backends.js";
import { expectClose, expectSameBits } from "../../conformance/compare.js";
import { models } from "./training-models.js";
import { EXAMPLES, LANES, trainingStep } from "./training-step.js";

const TOLERANCE = 1e-12;

const divisors = [1, 2, 3, 6].map((size) => ({ size, blocks: EXAMPLES / size }));
const cuts = divisors.flatMap(({ size, blocks }) =>
  [...new Set([1, 2, 4, blocks])].filter((p) => p <= blocks).map((parts) => ({ size, parts })),
);

describe.each(Object.entries(models))("a training step with %s", (_, model) => {
  test.each(["plain", "tangents", "adjoints"] as const)(
    "(%s) gives in blocks what it gives at once",
    (mode) => {
      const { graph, batch, donate, lanedOutputs, values } = trainingStep(model, mode);
      const want = interpret(graph, values, LANES);
      const base = { lanes: LANES, lanedOutputs, batch, poison: true };
      const whole = cpu()(graph, values, { ...base, blocks: false });
      expectClose(whole, want, TOLERANCE, "at once");
      for (const blocks of cuts) {
        const name = `blocks of ${blocks.size} in ${blocks.parts} parts`;
        const got = cpu()(graph, values, { ...base, blocks });
        expectClose(got, want, TOLERANCE, name);
        const options = { ...base, blocks, donate };
        expectSameBits(cpu()(graph, values, options), got, `${name}, donated`);
        const threads = cpu(simdLevels.at(-1), 2)(graph, values, options);
        expectSameBits(threads, got, `${name}, donated, two threads`);
      }
    },
  );

  test.each(["plain", "tangents", "adjoints"] as const)("(%s) has this many regions", (mode) => {
    const { graph, batch, donate, lanedOutputs } = trainingStep(model, mode);
    const cut = { size: 2, parts: 2 };
    const options = { name: "step", lanes: LANES, batch, donate, lanedOutputs, blocks: cut };
    const { steps } = lower(simplify(graph), options).program;
    const regions = steps.filter((s) => s.op === "blocks").length;
    expect(regions).toBe(model.regions?.[mode] ?? 1);
  });
});
