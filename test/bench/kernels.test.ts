import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { arithmetic, type KernelCase, programOf, traffic } from "../../bench/kernels/case.js";
import { trafficCeiling } from "../../bench/kernels/ceilings.js";
import { convolutionCases } from "../../bench/kernels/convolutions.js";
import { changes, readEarlier } from "../../bench/kernels/earlier.js";
import { fusedCases } from "../../bench/kernels/fused.js";
import { normalisationCases } from "../../bench/kernels/normalisation.js";
import { productCases } from "../../bench/kernels/products.js";
import { poolingCases, reductionCases } from "../../bench/kernels/reductions.js";
import { comparisonReport, kernelsReport } from "../../bench/kernels/report.js";
import { gatherCases } from "../../bench/kernels/rows.js";
import { type CaseResult, type KernelsResult, rateOf } from "../../bench/kernels/run.js";
import { matmul } from "../../lib/ops/matmul.js";

const MB = 2 ** 20;
const ceilings = {
  sgemmGflops: 100,
  slowestSgemmGflops: 90,
  traffic: [
    { bytes: MB, gbps: 80 },
    { bytes: 64 * MB, gbps: 20 },
  ],
};

const product = programOf([{ shape: [10, 20] }, { shape: [20, 30] }], (a, b) => [matmul(a, b)]);

test("a program's least work is its products, or its inputs and outputs", () => {
  expect(arithmetic(product)).toEqual({ flops: 2 * 10 * 20 * 30 });
  expect(traffic(product)).toEqual({ bytes: 4 * (200 + 600 + 300) });
  expect(traffic(product, [0])).toEqual({ bytes: 4 * (2 * 200 + 600 + 300) });
});

test("the ceiling of traffic is that of the nearest working set", () => {
  expect(trafficCeiling(ceilings, 1000)).toBe(80);
  expect(trafficCeiling(ceilings, 7 * MB)).toBe(80);
  expect(trafficCeiling(ceilings, 9 * MB)).toBe(20);
});

test("a rate is work over time, its share that over the ceiling", () => {
  const each: Omit<KernelCase, "work"> = { group: "gemm", name: "a", shape: "b", program: product };
  const fast = rateOf({ ...each, work: { flops: 5e7 } }, 1, ceilings);
  expect(fast).toEqual({ rate: { gflops: 50 }, share: 0.5 });
  const moved = rateOf({ ...each, work: { bytes: 4e7 } }, 1, ceilings);
  expect(moved).toEqual({ rate: { gbps: 40 }, share: 0.5 });
});

const result = (name: string, median: number): CaseResult => ({
  group: "gemm",
  name,
  shape: "2×2×2",
  kernels: 1,
  ms: { min: median, median, max: median },
  gflops: 1 / median,
  share: 0.01 / median,
});

const run = (...cases: CaseResult[]): KernelsResult => ({
  version: 1,
  date: "2026-01-01T00:00:00.000Z",
  machine: {
    ...{ date: "2026-01-01", cpu: "c", processors: 2, load: 0, node: "v20", glocal: "0" },
    ...{ threads: 2, simd: "avx2" },
  },
  ceilings,
  cases,
});

test("cases are compared by what they are, and new ones with nothing", () => {
  const now = [result("a", 3), result("new", 1)];
  const compared = changes(now, [result("b", 1), result("a", 2)]);
  expect(compared.map(({ ratio }) => ratio)).toEqual([1.5, undefined]);
  const report = comparisonReport(run(...now), run(result("a", 2)));
  expect(report).toMatch(/gemm: a .* 1\.50 \|/);
  expect(report).toMatch(/gemm: new .* – \|/);
});

test("a report names each case with its share, and working sets in short", () => {
  const report = kernelsReport(run(result("a", 2)));
  expect(report).toMatch(/\| a .* 2\.000 .* 1 GFLOP\/s .* 1 % \|/);
  expect(report).toMatch(/\| working set \| +1 MB \| 64 MB \|/);
  expect(report).toContain("100 GFLOP/s (at worst 90)");
});

test("only results of this version are compared with", () => {
  const file = join(mkdtempSync(join(tmpdir(), "glocal-kernels-")), "earlier.json");
  writeFileSync(file, JSON.stringify(run(result("a", 2))));
  expect(readEarlier(file).cases).toHaveLength(1);
  writeFileSync(file, JSON.stringify({ ...run(), version: 0 }));
  expect(() => readEarlier(file)).toThrow("version 0");
});

test("every case has work to do and a name of its own", () => {
  const cases = [
    ...[productCases, convolutionCases, fusedCases, normalisationCases],
    ...[reductionCases, poolingCases, gatherCases],
  ].flatMap((of) => of());
  for (const { name, work } of cases)
    expect("flops" in work ? work.flops : work.bytes, name).toBeGreaterThan(0);
  const names = cases.map(({ group, name, shape }) => `${group} ${name} ${shape}`);
  expect(new Set(names).size).toBe(names.length);
});
