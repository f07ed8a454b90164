/** Which steps wait for which, and orders that keep to it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Accesses, Buffer } from "../../../lib/lower/buffer.js";
import { Dependences, memoryOf } from "../../../lib/lower/cuda/dependences.js";

const BUFFERS = 6;

/** Steps that read and write some of a few memories, two of which are one slot. */
const program = fc
  .array(
    fc.record({
      reads: fc.array(fc.nat({ max: BUFFERS - 1 }), { maxLength: 3 }),
      writes: fc.array(fc.nat({ max: BUFFERS - 1 }), { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((steps): Accesses[] => {
    const buffers = Array.from(
      { length: BUFFERS },
      (_, i) => new Buffer("float32", 4, i < 2 ? 0 : undefined),
    );
    const ref = (i: number) => ({ buffer: buffers[i] as Buffer, offset: 0 });
    return steps.map(({ reads, writes }) => ({ reads: reads.map(ref), writes: writes.map(ref) }));
  });

/** Two steps that must not change places. */
function conflict(a: Accesses, b: Accesses): boolean {
  const meets = (x: Accesses["reads"], y: Accesses["reads"]) =>
    x.some((p) => y.some((q) => memoryOf(p.buffer) === memoryOf(q.buffer)));
  return meets(a.writes, b.reads) || meets(a.reads, b.writes) || meets(a.writes, b.writes);
}

function expectKept(steps: readonly Accesses[], order: readonly (readonly number[])[]): void {
  const place = new Map(order.flatMap((group, at) => group.map((node) => [node, at] as const)));
  expect(place.size).toBe(steps.length);
  steps.forEach((a, i) => {
    steps.slice(i + 1).forEach((b, k) => {
      if (!conflict(a, b)) return;
      const [first, second] = [place.get(i) as number, place.get(i + 1 + k) as number];
      expect(first).toBeLessThanOrEqual(second);
    });
  });
}

describe("dependences", () => {
  test("any order keeps conflicting steps as they were", () => {
    fc.assert(
      fc.property(program, (steps) => {
        const order = new Dependences(steps).order();
        expectKept(
          steps,
          order.map((node) => [node]),
        );
        order.forEach((node, i) => {
          for (const other of order.slice(i + 1))
            if (conflict(steps[node] as Accesses, steps[other] as Accesses))
              expect(node).toBeLessThan(other);
        });
      }),
    );
  });

  test("joined steps still come after what they waited for, and before what waits for them", () => {
    fc.assert(
      fc.property(program, fc.infiniteStream(fc.nat()), (steps, numbers) => {
        const dependences = new Dependences(steps);
        const members = steps.map((_, i) => [i]);
        const joined = new Set<number>();
        for (let tries = 0; tries < 5; tries++) {
          const pick = () => (numbers.next().value as number) % steps.length;
          const [a, b] = [pick(), pick()];
          if (a === b || joined.has(a) || joined.has(b) || !dependences.adjacent(a, b)) continue;
          dependences.join(a, b);
          joined.add(b);
          members[a]?.push(...(members[b] as number[]));
        }
        expectKept(
          steps,
          dependences.order().map((node) => members[node] as number[]),
        );
      }),
    );
  });

  test("independent steps are those that do not wait for each other, however far around", () => {
    const [a, b, c] = Array.from({ length: 3 }, () => ({
      buffer: new Buffer("float32", 4),
      offset: 0,
    })) as [Accesses["reads"][0], Accesses["reads"][0], Accesses["reads"][0]];
    const chain = new Dependences([
      { reads: [], writes: [a] },
      { reads: [a], writes: [b] },
      { reads: [b], writes: [c] },
      { reads: [a], writes: [] },
    ]);
    expect(chain.independent(0, 2)).toBe(false);
    expect(chain.adjacent(0, 2)).toBe(false);
    expect(chain.adjacent(0, 1)).toBe(true);
    expect(chain.independent(2, 3)).toBe(true);
    expect(chain.mayPrecede(3, 1)).toBe(true);
    expect(chain.mayPrecede(2, 1)).toBe(false);
  });
});
