import { describe, expect, it } from "vitest";
import { type StructuredStep, structuredLaunch } from "../../../lib/lower/cuda/structured.js";
import type {
  ArgmaxStep,
  GatherStep,
  PoolStep,
  RandomStep,
  Window2d,
} from "../../../lib/lower/program.js";
import { FIXED_KERNELS } from "./fixed-kernels.js";

const WINDOW: Window2d = {
  ...{ n: 6, h: 24, w: 24, c: 16, kh: 2, kw: 2, o: 16, strideH: 2, strideW: 2 },
  ...{ padTop: 0, padLeft: 0, oh: 12, ow: 12 },
};

const laned = (ref: string, laneStride: number) => ({ ref, laneStride });

const pool = (op: PoolStep["op"], window: Partial<Window2d> = {}): PoolStep<string> => ({
  op,
  dtype: "float32",
  window: { ...WINDOW, ...window },
  lanes: 3,
  a: laned("a", 1),
  ...(op === "maxPoolGrad" || op === "maxPoolTangent" ? { b: laned("b", 2) } : {}),
  out: laned("out", 3),
});

const rows = (op: GatherStep["op"], change: Partial<GatherStep<string>> = {}) =>
  ({
    ...{ op, dtype: "float32", count: 100, rows: 60, rowSize: 70, lanes: 2 },
    ...{ index: "index", table: laned("table", 5), out: laned("out", 6) },
    ...change,
  }) as GatherStep<string>;

const argmax = (axis: number): ArgmaxStep<string> => ({
  ...{ op: "argmax", dtype: "float32", outer: 128, axis, inner: 3, x: "x", y: "y" },
});

const random: RandomStep<string> = {
  ...{ op: "randomUniform", dtype: "float32", count: 4097, site: 9, key: "key", out: "out" },
};

const only = (step: StructuredStep<string>) => {
  const launches = structuredLaunch(step);
  expect(launches).toHaveLength(1);
  return launches[0] as (typeof launches)[number];
};

describe("structuredLaunch", () => {
  it("names kernels that exist, for all types", () => {
    const pools = (["avgPool", "avgPoolGrad", "maxPool", "maxPoolGrad", "maxPoolTangent"] as const)
      .flatMap((op) => [pool(op), pool(op, { c: 3 }), pool(op, { strideH: 1 })])
      .flatMap((step) => [step, { ...step, dtype: "float64" as const }]);
    const others = (["float32", "float64", "int32", "bool"] as const).flatMap((dtype) => [
      rows("gather", { dtype }),
      rows("scatterAdd", { dtype }),
      { ...argmax(10), dtype },
      { ...argmax(100), dtype },
    ]);
    const numbers = [random, { ...random, dtype: "float64" as const }];
    for (const step of [...pools, ...others, ...numbers])
      for (const { name } of structuredLaunch(step)) expect(FIXED_KERNELS).toContain(name);
  });

  it("gives pooling a thread for each four channels of what it writes", () => {
    const pooled = (6 * 12 * 12 * 16) / 4;
    expect(only(pool("avgPool"))).toEqual({
      name: "avg_pool_f32_x4",
      grid: [Math.ceil(pooled / 256) * 3, 1, 1],
      block: [256, 1, 1],
      args: [6, 24, 24, 16, 2, 2, 2, 2, 0, 0, 12, 12, "a", 1, 0, 0, "out", 3],
    });
    expect(only(pool("avgPoolGrad")).grid[0]).toBe(Math.ceil((4 * pooled) / 256) * 3);
    expect(only(pool("maxPoolTangent", { c: 3 })).grid[0]).toBe(
      Math.ceil((6 * 12 * 12 * 3) / 256) * 3,
    );
    expect(only(pool("maxPoolTangent")).args.slice(12)).toEqual(["a", 1, "b", 2, "out", 3]);
  });

  it("gives the gradient of max pooling a thread for each window only where windows cover the image", () => {
    const name = (change: Partial<Window2d>) => only(pool("maxPoolGrad", change)).name;
    expect(name({})).toBe("max_pool_grad_tiled_f32_x4");
    expect(name({ strideH: 1, oh: 23 })).toBe("max_pool_grad_f32_x4");
    expect(name({ padTop: 1 })).toBe("max_pool_grad_f32_x4");
    expect(name({ h: 25 })).toBe("max_pool_grad_f32_x4");
  });

  it("gathers with a thread for each element", () => {
    expect(only(rows("gather"))).toEqual({
      name: "gather_4",
      grid: [Math.ceil(7000 / 256) * 2, 1, 1],
      block: [256, 1, 1],
      args: [100, 60, 70, 2, "index", "table", 5, "out", 6],
    });
  });

  it("clears before it adds, with a warp for each item and 32 columns", () => {
    const [clear, add] = structuredLaunch(rows("scatterAdd"));
    expect(clear).toMatchObject({
      name: "scatter_clear_4",
      grid: [Math.ceil(4200 / 256) * 2, 1, 1],
    });
    expect(add).toMatchObject({ name: "scatter_add_f32", grid: [(100 * 2 * 3) / 8, 1, 1] });
    expect(add?.args).toEqual(clear?.args);
  });

  it("shares a long axis among a warp", () => {
    expect(only(argmax(10))).toMatchObject({ name: "argmax_f32", grid: [2, 1, 1] });
    expect(only(argmax(64))).toMatchObject({ name: "argmax_long_f32", grid: [48, 1, 1] });
    expect(only(argmax(64)).args).toEqual([128, 64, 3, "x", "y"]);
  });

  it("makes four random numbers with each thread", () => {
    expect(only(random)).toMatchObject({ grid: [5, 1, 1], args: [4097, 9, "key", "out"] });
  });

  it("launches nothing where nothing is written, and only clears where nothing is added", () => {
    expect(structuredLaunch(rows("gather", { count: 0 }))).toEqual([]);
    expect(structuredLaunch({ ...random, count: 0 })).toEqual([]);
    expect(structuredLaunch(rows("scatterAdd", { count: 0 })).map(({ name }) => name)).toEqual([
      "scatter_clear_4",
    ]);
  });

  it("refuses lanes of more elements than it can count", () => {
    expect(() => structuredLaunch(pool("avgPool", { n: 2 ** 20 }))).toThrow(
      /^Expected at most 2147483647 elements of one lane on CUDA but received 9663676416\./,
    );
    expect(() => structuredLaunch(rows("gather", { count: 2 ** 26 }))).toThrow(/one lane/);
    expect(() => structuredLaunch(argmax(2 ** 31))).toThrow(/along the axis of argmax on CUDA/);
  });
});
