/** Random programs over a batch, run in blocks: what the whole batch gives at once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lower } from "../../../lib/lower/lower.js";
import type { LowerOptions } from "../../../lib/lower/options.js";
import { simplify } from "../../../lib/transform/simplify.js";
import { cpu, simdLevels } from "../../conformance/backends.js";
import { expectClose, expectSameBits } from "../../conformance/compare.js";
import {
  type Built,
  build,
  EXAMPLES,
  type RandomProgram,
  randomProgram,
  valuesFor,
} from "../random-program.js";

const LANES = 3;
const RUNS = Number(process.env["GLOCAL_RANDOM_PROGRAMS"] ?? 300);

/** As for other random programs: sums over blocks round differently. */
const TOLERANCE = { float64: 1e-9, mixed: 2e-3 };

const IN_PAIRS = { size: 2, parts: 2 };
const SIZES = [
  { size: 1, parts: 1 },
  { size: 1, parts: 4 },
  IN_PAIRS,
  { size: 3, parts: 1 },
  { size: EXAMPLES, parts: 1 },
];

/** Of the inputs that may hold examples, those that the seed says; the first in any case. */
function batchOf({ graph }: Built, { seed }: RandomProgram): number[] {
  return graph.inputs
    .flatMap(({ type, shape }, i) => (!type.laned && shape[0] === EXAMPLES ? [i] : []))
    .filter((_, k) => k === 0 || ((seed >> k) & 1) === 1);
}

/** What of the blocks a program has come to use. */
function features({ graph }: Built, options: Omit<LowerOptions, "name">): string[] {
  const { program } = lower(simplify(graph), { ...options, name: "random" });
  const regions = program.steps.filter((s) => s.op === "blocks");
  const accesses = new Set(regions.flatMap((s) => s.slots.map((slot) => slot.access)));
  const count = regions.length > 1 ? "several regions" : "one region";
  return regions.length > 0 ? ["blocks", count, ...accesses] : ["whole"];
}

describe.each([
  ["float64", false],
  ["mixed", true],
] as const)("random programs over a batch in %s dtypes", (kind, narrow) => {
  test("give in blocks what they give at once, whatever the blocks", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(randomProgram(narrow, true), (program) => {
        const built = build(program, true);
        const { graph, donate, lanedOutputs } = built;
        const batch = batchOf(built, program);
        const values = valuesFor(graph, program.seed, LANES);
        const base = { lanes: LANES, lanedOutputs, batch, poison: true };
        const whole = cpu()(graph, values, { ...base, blocks: false });
        for (const blocks of SIZES) {
          const name = `blocks of ${blocks.size} in ${blocks.parts} parts`;
          const got = cpu()(graph, values, { ...base, blocks });
          expectClose(got, whole, TOLERANCE[kind], name);
          const again = cpu(simdLevels.at(-1), 2)(graph, values, { ...base, blocks, donate });
          expectSameBits(again, got, `${name}, donated, two threads`);
        }
        for (const feature of features(built, { ...base, blocks: IN_PAIRS }))
          seen.set(feature, (seen.get(feature) ?? 0) + 1);
      }),
      { numRuns: RUNS },
    );
    const share = (feature: string) => (seen.get(feature) ?? 0) / RUNS;
    expect(share("blocks")).toBeGreaterThan(0.6);
    expect(share("sum")).toBeGreaterThan(0.6);
    expect(share("write")).toBeGreaterThan(0.1);
    expect(share("several regions")).toBeGreaterThan(0.05);
  });
});
