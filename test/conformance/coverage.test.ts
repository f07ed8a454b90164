import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Primitive } from "../../lib/ir/graph.js";
import { SCALAR_OPS } from "../../lib/ir/scalar.js";
import * as broadcast from "../../lib/ops/broadcast.js";
import * as constant from "../../lib/ops/constant.js";
import * as conv from "../../lib/ops/conv.js";
import * as indexRows from "../../lib/ops/index-rows.js";
import * as matmul from "../../lib/ops/matmul.js";
import * as pool from "../../lib/ops/pool.js";
import * as random from "../../lib/ops/random.js";
import * as reduce from "../../lib/ops/reduce.js";
import * as shape from "../../lib/ops/shape.js";
import { cases } from "./cases.js";
import { derivativesGraph, isSmooth, valueGraph } from "./graphs.js";

const isPrimitive = (x: unknown): x is Primitive => typeof x === "function" && "vjp" in x;

/** Every primitive of lib/ops: the exported structured ones, and one for each scalar operation. */
function allPrimitives(): string[] {
  const modules = [broadcast, constant, conv, indexRows, matmul, pool, random, reduce, shape];
  const structured = modules.flatMap((m) => Object.values(m).filter(isPrimitive));
  // An input has no value of its own; `trunc` is what devices call the cast to int32.
  const scalar = Object.keys(SCALAR_OPS).filter((name) => name !== "trunc");
  return [...structured.map((p) => p.name), ...scalar].filter((name) => name !== "input");
}

describe("the list of cases", () => {
  test("has every primitive of lib/ops", () => {
    const covered = new Set(cases.flatMap((c) => c.covers));
    expect(allPrimitives().filter((name) => !covered.has(name))).toEqual([]);
  });

  test("names each case once", () => {
    const names = cases.map((c) => c.name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test.each(cases)("$name: computes what it says it covers", ({ covers, instances }) => {
    const seen = new Set<string>();
    for (const instance of fc.sample(instances, { numRuns: 30, seed: 1 })) {
      const graphs = [valueGraph(instance, "float64")];
      if (isSmooth(instance, "float64")) graphs.push(derivativesGraph(instance, "float64", false));
      for (const { nodes } of graphs) for (const node of nodes) seen.add(node.primitive.name);
    }
    expect(covers.filter((name) => !seen.has(name))).toEqual([]);
  });
});
