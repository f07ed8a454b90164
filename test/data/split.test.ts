import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitValidation, validationCount } from "../../lib/data/split.js";
import type { Split } from "../../lib/data/types.js";
import { coded } from "../../lib/ir/array.js";
import { recipeOf } from "../../lib/ir/deferred.js";

/** Example i has inputs 2i, 2i + 1 and label i, so that examples can be told apart. */
function numbered(count: number): Split {
  return {
    x: { data: Float32Array.from({ length: 2 * count }, (_, i) => i), shape: [count, 1, 2] },
    y: { data: Int32Array.from({ length: count }, (_, i) => i), shape: [count] },
  };
}

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("splitValidation", () => {
  test("puts every example on exactly one side and keeps it together", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        seeds,
        (count, share, seed) => {
          const held = 1 + Math.floor(share * (count - 2));
          const { train, validation } = splitValidation(numbered(count), held, seed);
          expect(validation.x.shape).toEqual([held, 1, 2]);
          expect(train.x.shape).toEqual([count - held, 1, 2]);
          const labels = [...train.y.data, ...validation.y.data];
          expect(labels.toSorted((a, b) => a - b)).toEqual([...numbered(count).y.data]);
          for (const side of [train, validation]) {
            side.y.data.forEach((label, i) => {
              expect([...side.x.data.subarray(2 * i, 2 * i + 2)]).toEqual([
                2 * label,
                2 * label + 1,
              ]);
            });
          }
        },
      ),
    );
  });

  test("is a pure function of its seed", () => {
    const once = splitValidation(numbered(50), 0.1, 3);
    expect(splitValidation(numbered(50), 0.1, 3)).toEqual(once);
    expect(splitValidation(numbered(50), 0.1, 4)).not.toEqual(once);
  });

  test("copies nothing: both sides read from the examples they were given", () => {
    const whole = numbered(10);
    const { train, validation } = splitValidation(whole, 3, 0);
    for (const { x, y } of [train, validation]) {
      expect(recipeOf(x)?.source).toBe(whole.x.data);
      expect(recipeOf(y)?.source).toBe(whole.y.data);
    }
  });

  test("a split of a split, and of coded inputs, takes the same examples as one of plain arrays", () => {
    const { x, y } = numbered(12);
    const values = Float32Array.from({ length: 256 }, (_, byte) => byte);
    const inputs = coded(Uint8Array.from(x.data), values, x.shape);
    const [plain, bytes] = [x, inputs].map((given) => {
      const { train } = splitValidation({ x: given, y }, 4, 0);
      return splitValidation(train, 3, 1);
    });
    expect(recipeOf(inputs)).toBeDefined();
    expect(bytes).toEqual(plain);
    plain?.train.y.data.forEach((label, i) => {
      expect(plain.train.x.data[2 * i]).toBe(2 * label);
    });
  });

  test("keeps the element types", () => {
    const { train } = splitValidation(numbered(5), 1, 0);
    expect(train.x.data).toBeInstanceOf(Float32Array);
    expect(train.y.data).toBeInstanceOf(Int32Array);
  });

  test("stays what it is: seeds mean the same in every version", () => {
    expect([...splitValidation(numbered(10), 3, 0).validation.y.data]).toMatchInlineSnapshot(`
      [
        8,
        2,
        1,
      ]
    `);
  });

  test("refuses labels that do not match the inputs", () => {
    const bad = { ...numbered(5), y: { data: new Int32Array(4), shape: [4] } };
    expect(() => splitValidation(bad, 1, 0)).toThrowError(
      expect.objectContaining({ code: "GLOCAL_BAD_SHAPE" }),
    );
  });

  test.each([-1, 0.5, Number.NaN])("refuses the seed %s", (seed) => {
    expect(() => splitValidation(numbered(5), 1, seed)).toThrowError(/seed to be an integer/);
  });
});

describe("validationCount", () => {
  test("rounds fractions and passes counts", () => {
    expect(validationCount(60000, 0.1)).toBe(6000);
    expect(validationCount(7, 0.5)).toBe(4);
    expect(validationCount(7, 6)).toBe(6);
  });

  test.each([0, 1.5, -0.1, 7, 8, 0.01, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses %s of 7 examples",
    (amount) => {
      expect(() => validationCount(7, amount)).toThrowError(
        expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }),
      );
    },
  );
});
