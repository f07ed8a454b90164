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

/** One row for all kernels that have a name in common, those that take longest first. */
function summary(
  what: string,
  kernels: readonly TimedKernel[],
  nameOf: (kernel: TimedKernel) => string,
  most = Number.POSITIVE_INFINITY,
): string {
  const groups = new Map<string, TimedKernel[]>();
  for (const kernel of kernels) {
    const name = nameOf(kernel);
    groups.set(name, [...(groups.get(name) ?? []), kernel]);
  }
  const ms = (of: readonly TimedKernel[]) => sum(of, (k) => k.ms);
  const sorted = [...groups].sort(([, a], [, b]) => ms(b) - ms(a)).slice(0, most);
  return table(
    [what, "calls", "ms", "GFLOP/s", "GB/s", "share"],
    sorted.map(([name, of]) => [
      name,
      String(of.length),
      ...rates(of),
      `${((100 * ms(of)) / ms(kernels)).toFixed(0)} %`,
    ]),
  );
}

/** What is listed besides the sums by kind. */
export interface ProfileLists {
  /** Every kernel in order. */
  readonly kernels: boolean;
  /** So many kinds and shapes, those that take longest first. */
  readonly slowest?: number;
}

function programReport(
  { name, ms, arenaBytes, kernels }: ProgramProfile,
  { kernels: each, slowest }: ProfileLists,
): string {
  const alone = sum(kernels, (k) => k.ms);
  const nameOf = ({ kind, what }: TimedKernel) => `${kind} ${what}`;
  const inOrder = table(
    ["kernel", "ms", "GFLOP/s", "GB/s"],
    kernels.map((k, i) => [`${i + 1}. ${nameOf(k)}`, ...rates([k])]),
  );
  const head = `### ${name}

${kernels.length} kernels, ${ms.toFixed(2)} ms as a whole and ${alone.toFixed(2)} ms one by one; arena ${(arenaBytes / 1e6).toFixed(1)} MB`;
  return [
    head,
    summary("kind", kernels, (k) => k.kind),
    ...(slowest ? [summary("kernel", kernels, nameOf, slowest)] : []),
    ...(each ? [inOrder] : []),
  ].join("\n\n");
}

export function profileReport(result: ProfileResult, lists: ProfileLists): string {
  const { machine, threads, sgemmGflops, programs } = result;
  const line = machineLine(machine, [
    `${threads} threads`,
    loadLine(machine),
    `sgemm ${sgemmGflops.toFixed(0)} GFLOP/s`,
  ]);
  return [line, ...programs.map((p) => programReport(p, lists))].join("\n\n");
}
