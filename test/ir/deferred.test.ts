import { describe, expect, test } from "vitest";
import { array, checkedArray, coded, dtypeOfArray, isHostArray } from "../../lib/ir/array.js";
import { deferred, recipeOf } from "../../lib/ir/deferred.js";

const halves = Float32Array.from({ length: 256 }, (_, byte) => byte / 2);
const codes = Uint8Array.of(0, 1, 2, 3, 254, 255);

describe("coded", () => {
  test("is an array of the values that the codes stand for", () => {
    const x = coded(codes, halves, [2, 3]);
    expect(x).toEqual(array(Float32Array.of(0, 0.5, 1, 1.5, 127, 127.5), [2, 3]));
    expect(coded(codes, Float64Array.from(halves)).data).toBeInstanceOf(Float64Array);
    expect(coded(codes, halves).shape).toEqual([6]);
  });

  test("is not made by what only wants to know what it is", () => {
    const x = coded(codes, halves);
    expect(isHostArray(x)).toBe(true);
    expect(dtypeOfArray(x)).toBe("float32");
    expect(checkedArray(x)).toBe(x);
    expect(recipeOf(x)?.source).toBe(codes);
  });

  test("is like any other array once its data was read", () => {
    const x = Object.freeze(coded(codes, halves));
    const { data } = x;
    data[0] = 7;
    expect(x.data).toBe(data);
    expect(recipeOf(x)).toBeUndefined();
    expect({ ...x }).toEqual({ data, shape: [6] });
  });

  test("refuses a shape that does not hold the codes, and any other number of values", () => {
    const badShape = expect.objectContaining({ code: "GLOCAL_BAD_SHAPE" });
    expect(() => coded(codes, halves, [7])).toThrowError(badShape);
    expect(() => coded(codes, halves.subarray(1))).toThrowError(badShape);
  });

  test("refuses codes that are not bytes, and values that are not floating-point numbers", () => {
    const badDType = expect.objectContaining({ code: "GLOCAL_BAD_DTYPE" });
    expect(() => coded(Int32Array.from(codes) as never, halves)).toThrowError(badDType);
    expect(() => coded(codes, Array.from(halves) as never)).toThrowError(badDType);
    expect(() => coded(codes, undefined as never)).toThrowError(badDType);
  });
});

test("rows are taken in their order, decoded or not", () => {
  const rows = Int32Array.of(2, 0, 2);
  expect(deferred({ source: codes, values: halves, rows }, [3, 2]).data).toEqual(
    Float32Array.of(127, 127.5, 0, 0.5, 127, 127.5),
  );
  expect(deferred({ source: Int32Array.of(5, 6, 7), rows }, [3]).data).toEqual(
    Int32Array.of(7, 5, 7),
  );
});
