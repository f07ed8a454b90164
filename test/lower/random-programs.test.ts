/** Random programs on the CPU: as the reference says, and the same bits under every switch. */
import fc from "fast-check";
import { describe, test } from "vitest";
import { cpu, simdLevels } from "../conformance/backends.js";
import { expectClose, expectSameBits } from "../conformance/compare.js";
import { build, expected, randomProgram, valuesFor } from "./random-program.js";

const LANES = 3;
const RUNS = Number(process.env["GLOCAL_RANDOM_PROGRAMS"] ?? 1500);

/**
 * Up to two dozen operations one after the other, each of slope at most a few:
 * float64 leaves many orders of magnitude, float32 some.
 */
const TOLERANCE = { float64: 1e-9, mixed: 2e-3 };

describe.each([
  ["float64", false],
  ["mixed", true],
] as const)("random programs in %s dtypes", (kind, narrow) => {
  test("give what the reference gives, whatever is donated, merged or shared", () => {
    fc.assert(
      fc.property(randomProgram(narrow), (program) => {
        const built = build(program);
        const { graph, donate, lanedOutputs } = built;
        const values = valuesFor(graph, program.seed, LANES);
        const want = expected(built, values, LANES);
        const base = { lanes: LANES, lanedOutputs, poison: true };
        const plain = cpu()(graph, values, base);
        expectClose(plain, want, TOLERANCE[kind], "plain");
        const variants = {
          donated: cpu()(graph, values, { ...base, donate }),
          "donated, unmerged": cpu()(graph, values, { ...base, donate, merge: false }),
          "donated, unshared": cpu()(graph, values, { ...base, donate, shareMemory: false }),
          "donated, two threads": cpu(simdLevels.at(-1), 2)(graph, values, { ...base, donate }),
        };
        for (const [name, got] of Object.entries(variants)) expectSameBits(got, plain, name);
      }),
      { numRuns: RUNS },
    );
  });
});
