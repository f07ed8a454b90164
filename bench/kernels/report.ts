/** The microbenchmarks as tables: the section of RESULTS.md, and a comparison with an earlier run. */
import { loadLine, machineLine } from "../machine.js";
import { table } from "../markdown.js";
import { GROUPS } from "./case.js";
import type { Ceilings } from "./ceilings.js";
import { changes } from "./earlier.js";
import type { CaseResult, KernelsResult } from "./run.js";

const ms = (value: number) => value.toFixed(value < 0.1 ? 4 : value < 10 ? 3 : 1);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const rate = (each: CaseResult) =>
  "gflops" in each ? `${each.gflops.toFixed(0)} GFLOP/s` : `${each.gbps.toFixed(1)} GB/s`;

/** A wide range says that the machine was busy with something else. */
const sgemm = ({ sgemmGflops, slowestSgemmGflops }: Ceilings) =>
  `${sgemmGflops.toFixed(0)} GFLOP/s (at worst ${slowestSgemmGflops.toFixed(0)})`;

const UNITS = ["B", "kB", "MB", "GB"];

/** Powers of two keep short names: 256 kB, 4 MB. */
function size(bytes: number): string {
  const step = Math.floor(Math.log2(bytes) / 10);
  return `${bytes / 1024 ** step} ${UNITS[step]}`;
}

function ceilingTable({ traffic }: Ceilings): string {
  return table(
    ["working set", ...traffic.map(({ bytes }) => size(bytes))],
    [["GB/s", ...traffic.map(({ gbps }) => gbps.toFixed(0))]],
  );
}

function groupTable(cases: readonly CaseResult[]): string {
  return table(
    ["case", "shape", "kernels", "ms", "rate", "share"],
    cases.map((each) => [
      each.name,
      each.shape,
      String(each.kernels),
      ms(each.ms.median),
      rate(each),
      percent(each.share),
    ]),
  );
}

function heading(result: KernelsResult): string {
  const { machine } = result;
  return machineLine(machine, [machine.simd, `${machine.threads} threads`, loadLine(machine)]);
}

/** The section of RESULTS.md. */
export function kernelsReport(result: KernelsResult): string {
  const { cases, ceilings } = result;
  const groups = GROUPS.map((group) => ({ group, of: cases.filter((c) => c.group === group) }));
  const tables = groups
    .filter(({ of }) => of.length > 0)
    .map(({ group, of }) => `### ${group}\n\n${groupTable(of)}`);
  return `## Kernels

\`npm run bench -- kernels\`

${heading(result)}

Each case is a small program, lowered as any other and called many times within one native job;
medians. Products, convolutions and whole steps are measured by the arithmetic of their products and
convolutions, beside float32 products of 1024 × 1024 matrices: ${sgemm(ceilings)}. All else is measured by
the bytes of its inputs and outputs, each moved once, beside the fastest of copying and adding in place
for a working set as large, on as many threads:

${ceilingTable(ceilings)}

A share is therefore of the least that any program would have to do; what several kernels hand to each
other in memory, exponentials, and the call itself (microseconds, for the smallest) count against it.
A convolution can beat that product: its operands are small enough to stay in the inner caches.

${tables.join("\n\n")}`;
}

/** How much longer each case takes than it took: below 1 it became faster. */
export function comparisonReport(now: KernelsResult, earlier: KernelsResult): string {
  const rows = changes(now.cases, earlier.cases).map(({ now: each, earlier: was, ratio }) => [
    `${each.group}: ${each.name}`,
    each.shape,
    was ? ms(was.ms.median) : "–",
    ms(each.ms.median),
    ratio === undefined ? "–" : ratio.toFixed(2),
  ]);
  const line = (when: string, result: KernelsResult) =>
    `${when}: ${heading(result)} · sgemm ${sgemm(result.ceilings)}`;
  return [
    line("Earlier", earlier),
    line("Now", now),
    table(["case", "shape", "earlier, ms", "now, ms", "ratio"], rows),
  ].join("\n\n");
}
