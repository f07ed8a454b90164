/** `bench estimators`: how near is it? Writes docs/estimators.md and its plots. */
import { join } from "node:path";
import type { Estimator } from "../../lib/index.js";
import { writeAtomically } from "../../lib/study/atomic.js";
import { PROBLEM_FACTS, PROBLEM_NAMES, type ProblemName } from "../../lib/verify/names.js";
import { plot } from "../../lib/verify/plot.js";
import { ESTIMATORS, truthsOfProblem, verifyProblem } from "../../lib/verify/suite.js";
import { type BoundRow, bounds } from "../../lib/verify/synthetic/bound.js";
import { type NoiseRow, noiseTrials } from "../../lib/verify/synthetic/noise.js";
import type { Truth, Verification } from "../../lib/verify/types.js";
import { names } from "../arguments.js";
import { ResultCache } from "../cache.js";
import { command, note } from "../command.js";
import { BENCH_FOLDER, writeSection } from "../results-file.js";
import {
  boundReport,
  noiseReport,
  type Sampled,
  subsetReport,
  type Verified,
  verifyReport,
} from "./report.js";

const DOCS = join(BENCH_FOLDER, "..", "docs");
const PAGE = join(DOCS, "estimators.md");

/** Those that a plot can show without being a thicket. */
const DRAWN = [
  "last()",
  "mean(10)",
  "mean(10), carried",
  "glocal.paper()",
  "affine(), to T",
  "optimized DMD, to T",
  "glocal({ robust: true })",
];

/** Where hypergradients see few validation examples of 2,000. */
const SAMPLED = "mlp-mnist";
const SAMPLES = [1000, 300, 100];
const SEEN_BY_FEW = Object.fromEntries(
  Object.entries(ESTIMATORS).filter(([name]) =>
    [
      "last()",
      "mean(10)",
      "mean(10), carried",
      "glocal.paper()",
      "glocal({ robust: true })",
    ].includes(name),
  ),
);

interface Options {
  readonly problems: readonly ProblemName[];
  readonly fresh: boolean;
  readonly data?: string;
  readonly write: boolean;
}

/** What depends on nothing but the estimators: recomputed where `fresh` asks for it. */
interface Results {
  readonly truths?: Truth[];
  readonly verification?: Verification;
  readonly bounds?: BoundRow[];
  readonly noise?: NoiseRow[];
}

export const estimators = command(
  "estimators",
  "estimates beside the truth on small problems and synthetic systems; writes docs/estimators.md",
)
  .option(
    "--problems <names>",
    "problems",
    (text: string) => names(text, PROBLEM_NAMES),
    PROBLEM_NAMES,
  )
  .option("--fresh", "compute again what bench/results has", false)
  .option("--data <dir>", "folder of MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave docs/estimators.md alone")
  .action(async ({ problems, fresh, data, write }: Options) => {
    const cache = new ResultCache<{ what: string; estimators: string }, Results>(
      join(BENCH_FOLDER, "results", "estimators.jsonl"),
    );
    const key = (what: string) => ({ what, estimators: Object.keys(ESTIMATORS).join("; ") });
    const get = async (what: string, compute: () => Promise<Results>) => {
      const known = fresh ? undefined : cache.get(key(what));
      if (known) return known;
      const started = performance.now();
      const found = await compute();
      cache.add(key(what), found);
      note(`${what}: ${((performance.now() - started) / 1e3).toFixed(0)} s`);
      return found;
    };
    const synthetic: Record<string, Estimator> = Object.fromEntries(
      Object.entries(ESTIMATORS).filter(
        // Alone, a trajectory has no windows before it.
        ([name]) => !/carried|horizon|pooled|mean to T|stable/.test(name),
      ),
    );
    const { bounds: bound = [] } = await get("bound", async () => ({ bounds: bounds() }));
    const { noise = [] } = await get("noise", async () => ({ noise: noiseTrials(synthetic) }));
    const results: Verified[] = [];
    for (const problem of problems) {
      const settings = { quick: false, ...(data === undefined ? {} : { dir: data }) };
      const { verification } = await get(problem, async () => {
        const place = { what: `truths of ${problem}`, estimators: "" };
        const truths =
          (fresh ? undefined : cache.get(place)?.truths) ??
          (await truthsOfProblem(problem, settings));
        cache.add(place, { truths });
        return { verification: await verifyProblem(problem, settings, { known: truths }) };
      });
      if (verification) results.push({ problem, verification });
    }
    const subsets: Sampled[] = [];
    const whole = results.find(({ problem }) => problem === SAMPLED)?.verification;
    for (const sample of whole ? SAMPLES : []) {
      const { verification } = await get(`${SAMPLED}, ${sample} validation examples`, async () => ({
        verification: await verifyProblem(
          SAMPLED,
          { quick: false, ...(data === undefined ? {} : { dir: data }) },
          { known: whole?.truths ?? [], sample, estimators: SEEN_BY_FEW },
        ),
      }));
      if (verification) subsets.push({ sample, verification });
    }
    const report = verifyReport(results, "npm run bench -- estimators");
    const few = subsetReport(whole, subsets);
    console.log([report, few, boundReport(bound), noiseReport(noise)].join("\n\n"));
    if (!write) return;
    writeSection("verify", report, PAGE);
    writeSection("subset", few, PAGE);
    writeSection("bound", boundReport(bound), PAGE);
    writeSection("noise", noiseReport(noise), PAGE);
    for (const { problem, verification } of results) {
      const svg = await plot(PROBLEM_FACTS[problem].title, verification, DRAWN);
      writeAtomically(join(DOCS, `estimators-${problem}.svg`), [svg]);
    }
  });
