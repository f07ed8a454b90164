/** Arbitrary shapes, small enough for the reference. */
import fc from "fast-check";
import type { Shape } from "../../lib/ir/types.js";
import type { Instance } from "./case.js";

export const seed: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 31 - 1 });

export function shape(minRank = 0, maxRank = 4, maxSize = 5): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank });
}

/** Long enough for whole SIMD vectors, tiles and tails. */
export const anyShape: fc.Arbitrary<number[]> = fc.oneof(
  shape(),
  fc.integer({ min: 1, max: 300 }).map((n) => [n]),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 })).map((s) => [...s]),
);

/** Shapes that broadcast to one: axes of length 1, and leading axes left out. */
export function broadcastable(count: number): fc.Arbitrary<Shape[]> {
  const part = fc.record({ drop: fc.nat({ max: 4 }), ones: fc.array(fc.boolean()) });
  return fc
    .tuple(shape(), fc.array(part, { minLength: count, maxLength: count }))
    .map(([full, parts]) =>
      parts.map(({ drop, ones }) =>
        full.map((d, i) => (ones[i] ? 1 : d)).slice(Math.min(drop, full.length)),
      ),
    );
}

/** A shape of rank ≥ 1 and one of its axes. */
export const shapeAndAxis: fc.Arbitrary<{ shape: number[]; axis: number }> = shape(1).chain((s) =>
  fc.nat({ max: s.length - 1 }).map((axis) => ({ shape: s, axis })),
);

/** A shape and any set of its axes, in any order. */
export const shapeAndAxes: fc.Arbitrary<{ shape: number[]; axes: number[] }> = shape().chain((s) =>
  fc
    .shuffledSubarray(
      s.map((_, i) => i),
      { minLength: 0 },
    )
    .map((axes) => ({ shape: s, axes })),
);

/** Instances from drawn options. */
export function instances<T>(
  options: fc.Arbitrary<T>,
  make: (options: T) => Omit<Instance, "seed">,
): fc.Arbitrary<Instance> {
  return fc.tuple(options, seed).map(([drawn, s]) => ({ ...make(drawn), seed: s }));
}
