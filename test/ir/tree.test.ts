import { describe, expect, test } from "vitest";
import { flatten, mapTree } from "../../lib/ir/tree.js";

const isLeaf = (x: unknown): x is number => typeof x === "number";

describe("trees", () => {
  test("flatten names leaves by dotted path, in the order they were written", () => {
    const [leaves, def] = flatten({ b: 1, a: [2, { c: 3 }] }, isLeaf);
    expect(leaves).toEqual([1, 2, 3]);
    expect(def.paths).toEqual(["b", "a.0", "a.1.c"]);
    expect(def.size).toBe(3);
  });

  test("rebuild puts other leaves in their places, any number of times", () => {
    const [, def] = flatten({ b: 1, a: [2, 3], none: {} }, isLeaf);
    expect(def.rebuild(["x", "y", "z"])).toEqual({ b: "x", a: ["y", "z"], none: {} });
    expect(def.rebuild([7, 8, 9])).toEqual({ b: 7, a: [8, 9], none: {} });
  });

  test("a leaf alone is a tree with an empty path", () => {
    const [leaves, def] = flatten(5, isLeaf);
    expect([leaves, def.paths, def.rebuild(["x"])]).toEqual([[5], [""], "x"]);
  });

  test("the structure is equal for equal structures only", () => {
    const structure = (tree: unknown) => flatten(tree, isLeaf)[1].structure;
    expect(structure({ a: 1, b: [2] })).toBe(structure({ a: 9, b: [8] }));
    const different = [
      1,
      [1],
      [[1]],
      { 0: 1 },
      { a: 1 },
      [1, []],
      [1, {}],
      { "a.b": 1 },
      { a: { b: 1 } },
      { a: 1, b: {} },
    ];
    expect(new Set(different.map(structure)).size).toBe(different.length);
  });

  test("mapTree keeps the structure and gives the path", () => {
    const mapped = mapTree({ a: 1, b: [2] }, isLeaf, (leaf, path) => `${path}=${leaf}`);
    expect(mapped).toEqual({ a: "a=1", b: ["b.0=2"] });
  });

  test("what is neither branch nor leaf is refused by path and kind", () => {
    class Mine {}
    for (const [bad, name] of [
      [null, "null"],
      [undefined, "undefined"],
      ["text", "String"],
      [new Mine(), "Mine"],
      [new Map(), "Map"],
    ] as const)
      expect(() => flatten({ a: [bad] }, isLeaf)).toThrow(`at "a.0" but received ${name}`);
  });
});
