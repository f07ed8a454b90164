/** A profile as tables: kernels in order, and summed by kind. */
import { loadLine, machineLine } from "./machine.js";
import { table } from "./markdown.js";
import type { ProfileResult, ProgramProfile, TimedKernel } from "./profile.js";

const sum = (kernels: readonly TimedKernel[], of: (kernel: TimedKernel) => number) =>
  kernels.reduce((total, kernel) => total + of(kernel), 0);

function rates(kernels: readonly TimedKernel[]): string[] {
  const ms = sum(kernels, (k) => k.ms);
  const perSecond = (amount: number) => (amount / ms / 1e6).toFixed(1);
  return [
    ms.toFixed(3),
    perSecond(sum(kernels, (k) => k.flops)),
    perSecond(sum(kernels, (k) => k.bytes)),
  ];
}

function programReport({ name, ms, arenaBytes, kernels }: ProgramProfile, each: boolean): string {
  const alone = sum(kernels, (k) => k.ms);
  const kinds = [...new Set(kernels.map((k) => k.kind))].map((kind) => ({
    kind,
    of: kernels.filter((k) => k.kind === kind),
  }));
  kinds.sort((a, b) => sum(b.of, (k) => k.ms) - sum(a.of, (k) => k.ms));
  const summary = table(
    ["kind", "calls", "ms", "GFLOP/s", "GB/s", "share"],
    kinds.map(({ kind, of }) => [
      kind,
      String(of.length),
      ...rates(of),
      `${((100 * sum(of, (k) => k.ms)) / alone).toFixed(0)} %`,
    ]),
  );
  const list = table(
    ["kernel", "ms", "GFLOP/s", "GB/s"],
    kernels.map((k, i) => [`${i + 1}. ${k.kind} ${k.what}`, ...rates([k])]),
  );
  const head = `### ${name}

${kernels.length} kernels, ${ms.toFixed(2)} ms as a whole and ${alone.toFixed(2)} ms one by one; arena ${(arenaBytes / 1e6).toFixed(1)} MB`;
  return [head, summary, ...(each ? [list] : [])].join("\n\n");
}

export function profileReport(result: ProfileResult, each: boolean): string {
  const { machine, threads, sgemmGflops, programs } = result;
  const line = machineLine(machine, [
    `${threads} threads`,
    loadLine(machine),
    `sgemm ${sgemmGflops.toFixed(0)} GFLOP/s`,
  ]);
  return [line, ...programs.map((p) => programReport(p, each))].join("\n\n");
}
