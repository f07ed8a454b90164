/** The memory plan: what is alive at the same time never overlaps. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accesses, Buffer, type BufferStep } from "../../lib/lower/buffer.js";
import { lower } from "../../lib/lower/lower.js";
import { planMemory } from "../../lib/lower/plan.js";
import { ALIGNMENT } from "../../lib/lower/program.js";
import { simplify } from "../../lib/transform/simplify.js";
import { lenetStep } from "./lenet-step.js";
import { build, randomProgram } from "./random-program.js";

/** A copy from one buffer to another: all that a plan looks at. */
function touch(reads: readonly Buffer[], write: Buffer): BufferStep {
  const view = (buffer: Buffer) => ({
    ref: { buffer, offset: 0 },
    dtype: "float32" as const,
    strides: [1],
  });
  return {
    op: "map",
    compute: "float32",
    dims: [1],
    loads: reads.map(view),
    code: [],
    stores: [{ register: 0, view: view(write) }],
  };
}

/** Steps that read some of the buffers so far and write a new one (or, sometimes, an old one again). */
const program = fc
  .array(
    fc.record({
      bytes: fc.integer({ min: 0, max: 2000 }),
      reads: fc.array(fc.nat({ max: 100 }), { maxLength: 3 }),
      again: fc.option(fc.nat({ max: 100 }), { freq: 5 }),
      slot: fc.option(fc.nat({ max: 5 }), { freq: 8 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((steps) => {
    const buffers: Buffer[] = [];
    return steps.map(({ bytes, reads, again, slot }) => {
      const known = buffers.slice();
      const old = again === null ? undefined : known[again % Math.max(1, known.length)];
      const target = old ?? new Buffer("float32", bytes, slot ?? undefined);
      if (!old) buffers.push(target);
      const from = known.length > 0 ? reads.map((r) => known[r % known.length] as Buffer) : [];
      return touch(from, target);
    });
  });

interface Life {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

function lives(steps: readonly BufferStep[], offsetOf: (b: Buffer) => number): Life[] {
  const touched = new Map<Buffer, number[]>();
  steps.forEach((step, at) => {
    const { reads, writes } = accesses(step);
    for (const { buffer } of [...reads, ...writes])
      if (buffer.slot === undefined) touched.set(buffer, [...(touched.get(buffer) ?? []), at]);
  });
  return [...touched].map(([buffer, at]) => ({
    first: Math.min(...at),
    last: Math.max(...at),
    from: offsetOf(buffer),
    to: offsetOf(buffer) + buffer.bytes,
  }));
}

describe("planMemory", () => {
  test("never gives two live buffers the same byte, aligns all, and stays within its size", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const plan = planMemory(steps);
        const all = lives(steps, plan.offsetOf);
        all.forEach((a, i) => {
          expect(a.from % ALIGNMENT).toBe(0);
          expect(a.to).toBeLessThanOrEqual(plan.bytes);
          for (const b of all.slice(i + 1)) {
            const together = a.first <= b.last && b.first <= a.last;
            const overlap = a.from < b.to && b.from < a.to;
            expect(together && overlap).toBe(false);
          }
        });
      }),
    );
  });

  test("needs no more than one place each, and no less than what lives at once", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const shared = planMemory(steps);
        const apart = planMemory(steps, false);
        expect(shared.bytes).toBeLessThanOrEqual(apart.bytes);
        const all = lives(steps, shared.offsetOf);
        const atOnce = steps.map((_, at) =>
          all.filter((l) => l.first <= at && at <= l.last).reduce((n, l) => n + l.to - l.from, 0),
        );
        expect(shared.bytes).toBeGreaterThanOrEqual(Math.max(0, ...atOnce));
      }),
    );
  });

  test("without sharing gives every buffer memory of its own", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const places = lives(steps, planMemory(steps, false).offsetOf).sort(
          (a, b) => a.from - b.from,
        );
        places.slice(1).forEach((b, i) => {
          expect(b.from).toBeGreaterThanOrEqual((places[i] as Life).to);
        });
      }),
    );
  });

  test("a chain of copies takes turns in two places", () => {
    const chain = Array.from({ length: 10 }, () => new Buffer("float32", 1000));
    const steps = chain.slice(1).map((b, i) => touch([chain[i] as Buffer], b));
    expect(planMemory(steps).bytes).toBe(2 * 1024);
  });
});

describe("the arena of a program", () => {
  test("holds every operand of every step of any random program", () => {
    fc.assert(
      fc.property(randomProgram(true), (random) => {
        const { graph, donate, lanedOutputs } = build(random);
        const lowered = lower(simplify(graph), { name: "random", lanes: 3, donate, lanedOutputs });
        const { arenaBytes, slots, steps } = lowered.program;
        for (const step of steps)
          if (step.op === "map")
            for (const { ref } of [...step.loads, ...step.stores.map((s) => s.view)]) {
              const limit = ref.space === "arena" ? arenaBytes : (slots[ref.slot]?.bytes ?? 0);
              expect(ref.offset).toBeGreaterThanOrEqual(0);
              expect(ref.offset).toBeLessThanOrEqual(limit);
            }
      }),
      { numRuns: 100 },
    );
  });

  test("of LeNet's step is less than half of what it would be unshared", () => {
    const shared = lenetStep(3).program.arenaBytes;
    const apart = lenetStep(3, { shareMemory: false }).program.arenaBytes;
    expect(shared).toBeLessThan(apart / 2);
  });
});
