/** Training steps for CUDA: how many launches they take, and which. These may only go down. */
import { describe, expect, test } from "vitest";
import { stepGraphs } from "../../../bench/step-programs.js";
import { lowerCuda } from "../../../lib/lower/cuda/lower.js";
import { lenetGraph } from "../lenet-step.js";
import { FIXED_KERNELS } from "./fixed-kernels.js";
import { printStages } from "./print.js";

const MOST_LAUNCHES = {
  lenet: { batch: 128, lanes: 3, plain: 26, tangents: 31, adjoints: 32 },
  "wrn-28-2": { batch: 128, lanes: 2, plain: 362, tangents: 502, adjoints: 765 },
  reweighting: { batch: 16, lanes: 32, plain: 187, tangents: 287, adjoints: 413 },
} as const;
/** Different kernels, all of which have to be compiled once. */
const MOST_KERNELS = 255;
const MOST_ARENA_MIB = { 0: 15.5, 3: 45 };

const lenet = (lanes: number, tf32 = false) => {
  const { graph, options } = lenetGraph(lanes);
  return lowerCuda(graph, { ...options, tf32 }).program;
};

describe("a training step of LeNet", () => {
  test.each([
    [0, "without lanes"],
    [3, "with three lanes"],
  ])("launches this (%d lanes)", (lanes) => {
    const { graph, options } = lenetGraph(lanes);
    expect(printStages(graph, options)).toMatchSnapshot();
  });

  test.each([0, 3] as const)("with %d lanes needs no more memory than ever before", (lanes) => {
    expect(lenet(lanes).arenaBytes / 2 ** 20).toBeLessThanOrEqual(MOST_ARENA_MIB[lanes]);
  });

  test("has as many launches with many lanes as with two", () => {
    expect(lenet(8).launches.length).toBe(lenet(2).launches.length);
  });

  test("updates its state in place", () => {
    const copies = lenet(3)
      .modules.join("")
      .match(/s0\[i\] = static_cast<float>\(x0\[u\]\)/g);
    expect(copies).toBeNull();
  });

  test("names its kernels once, each in its module or among the fixed ones", () => {
    const { kernels, modules, launches } = lenet(3);
    expect(new Set(kernels.map((k) => k.name)).size).toBe(kernels.length);
    for (const { name, module } of kernels) {
      if (module === null) expect(FIXED_KERNELS).toContain(name);
      else expect(modules[module]).toContain(` ${name}(Pointers<`);
    }
    for (const launch of launches)
      if (launch.op === "kernel") {
        expect(kernels[launch.kernel]).toBeDefined();
        expect(launch.args.length).toBeLessThanOrEqual(500);
        expect(Math.min(...launch.grid, ...launch.block)).toBeGreaterThan(0);
      }
  });

  test("multiplies in TF32 when asked to", () => {
    const products = (tf32: boolean) =>
      lenet(0, tf32).launches.flatMap((l) => (l.op === "product" ? [l.tf32] : []));
    expect(new Set(products(false))).toEqual(new Set([false]));
    expect(new Set(products(true))).toEqual(new Set([true]));
    const names = lenet(0, true).kernels.map((k) => k.name);
    expect(names.some((name) => name.includes("tf32"))).toBe(true);
  });
});

describe.each(["lenet", "wrn-28-2", "reweighting"] as const)("a training step (%s)", (model) => {
  const { batch, lanes, ...most } = MOST_LAUNCHES[model];
  const graphs = stepGraphs({ model, batch, lanes });

  test.each(["plain", "tangents", "adjoints"] as const)(
    "%s takes no more launches than ever before",
    (kind) => {
      const { graph, options } = graphs[kind]();
      const { program } = lowerCuda(graph, options);
      expect(program.launches.length).toBeLessThanOrEqual(most[kind]);
      expect(program.kernels.length).toBeLessThanOrEqual(MOST_KERNELS);
    },
  );
});
