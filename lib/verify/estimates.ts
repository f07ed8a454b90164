/** What estimators say, where the truth is known. */
import type { Estimator } from "../hyper/estimator.js";
import { HyperSpace } from "../hyper/hyper-space.js";
import { batchesOf, type Places, runHeld } from "./held.js";
import { panel, type Seen } from "./panel.js";
import type { VerifyProblem } from "./types.js";

/** What every estimator says at every point for every T. */
export async function estimatesOf<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  estimators: Readonly<Record<string, Estimator>>,
  { starts, horizons, window }: Places,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const at = batchesOf(problem, 0);
  const end = Math.max(...starts) + window;
  for (const members of groupsOf(suitedTo(problem, estimators))) {
    const own = (members[0] as (typeof members)[number])[1];
    // How far tangents look back may depend on T, and then every T takes a study of its own.
    const fixed = typeof (own.tangents ?? "reset") === "string" && !decides(own);
    const parts = fixed ? [horizons] : horizons.map((horizon) => [horizon]);
    for (const part of parts) {
      const asked = panel(members, part, (entry) => {
        if (starts.includes(entry.start)) seen.push(entry);
      });
      const steps = fixed ? end : Math.max(...part);
      await runHeld({ ...problem, steps, batches: { at }, hypergradient: asked }, end);
    }
  }
  return seen;
}

/** The estimators that a study of this problem would use in their place. */
function suitedTo<State, Hyper, Batch>(
  problem: VerifyProblem<State, Hyper, Batch>,
  estimators: Readonly<Record<string, Estimator>>,
): Record<string, Estimator> {
  const to = { size: new HyperSpace(problem.hyper).size, mode: "auto" } as const;
  return Object.fromEntries(
    Object.entries(estimators).map(([name, own]) => [name, own.suited?.(to) ?? own]),
  );
}

/** Whether an estimator may have a say in which tangents go on, and so in what it sees. */
const decides = ({ begin, tangents = "reset" }: Estimator) =>
  begin !== undefined && tangents !== "reset";

/** Estimators that see the same windows. */
function groupsOf(estimators: Readonly<Record<string, Estimator>>) {
  const groups = new Map<string, (readonly [string, Estimator])[]>();
  for (const entry of Object.entries(estimators)) {
    const { tangents = "reset" } = entry[1];
    const free = typeof tangents === "object" && typeof tangents.decay === "function";
    const key = free || decides(entry[1]) ? entry[0] : JSON.stringify(tangents);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups.values();
}
