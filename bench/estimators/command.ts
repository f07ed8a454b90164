/** `bench estimators`: how near is it? Writes docs/estimators.md and its plots. */
import { join } from "node:path";
import { writeAtomically } from "../../lib/study/atomic.js";
import { PROBLEM_FACTS, PROBLEM_NAMES, type ProblemName } from "../../lib/verify/names.js";
import { plot } from "../../lib/verify/plot.js";
import { VALIDATION } from "../../lib/verify/problems/mnist.js";
import { ESTIMATORS, truthsOfProblem, verifyProblem } from "../../lib/verify/suite.js";
import { bounds } from "../../lib/verify/synthetic/bound.js";
import { noiseTrials } from "../../lib/verify/synthetic/noise.js";
import { names } from "../arguments.js";
import { command, note } from "../command.js";
import { BENCH_FOLDER, writeSection } from "../results-file.js";
import type { Verified } from "./columns.js";
import { type Sampled, subsetReport, verifyReport } from "./report.js";
import { cachedResults, fingerprintOf, type Results, truthsKey } from "./results.js";
import { boundReport, noiseReport } from "./synthetic-report.js";

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

/** Where hypergradients see few of the validation examples. */
const SAMPLED = "mlp-mnist";
const SAMPLES = [1000, 300, 100];
const only = (wanted: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(ESTIMATORS).filter(([name]) => wanted(name)));
const FEW = [
  "last()",
  "mean(10)",
  "mean(10), carried",
  "glocal.paper()",
  "glocal({ robust: true })",
];
const SEEN_BY_FEW = only((name) => FEW.includes(name));

/** Of one trajectory: alone, it has no windows before it. */
const ALONE = only((name) => !/carried|horizon|memory|pooled|mean to T|stable/.test(name));

interface Options {
  readonly problems: readonly ProblemName[];
  readonly fresh: boolean;
  readonly freshTruths: boolean;
  readonly data?: string;
  readonly write: boolean;
}

export const estimators = command(
  "estimators",
  "estimates beside the truth on small problems and synthetic systems; writes docs/estimators.md",
)
  .option(
    "--problems <names>",
    "only these, and nothing is written but bench/results",
    (text: string) => names(text, PROBLEM_NAMES),
    PROBLEM_NAMES,
  )
  .option("--fresh", "compute again what bench/results has, but for the truths", false)
  .option("--fresh-truths", "compute the truths again as well, which takes long", false)
  .option("--data <dir>", "folder of MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave docs/estimators.md alone")
  .action(async ({ problems, fresh, freshTruths, data, write }: Options) => {
    const cache = cachedResults();
    const settings = { quick: false, ...(data === undefined ? {} : { dir: data }) };
    const get = async (what: string, of: string, compute: () => Promise<Results>) => {
      const known = cache.get({ what });
      if (known?.of === of && !fresh && !freshTruths) return known;
      const started = performance.now();
      const found = { of, ...(await compute()) };
      cache.add({ what }, found);
      note(`${what}: ${((performance.now() - started) / 1e3).toFixed(0)} s`);
      return found;
    };
    const truthsOf = async (problem: ProblemName) => {
      const known = freshTruths ? undefined : cache.get(truthsKey(problem))?.truths;
      if (known) return known;
      const truths = await truthsOfProblem(problem, settings);
      cache.add(truthsKey(problem), { truths });
      return truths;
    };
    const { bounds: bound = [] } = await get("bound", "", async () => ({ bounds: bounds() }));
    const { noise = [] } = await get("noise", fingerprintOf(ALONE), async () => ({
      noise: noiseTrials(ALONE),
    }));
    const results: Verified[] = [];
    for (const problem of problems) {
      const { verification } = await get(problem, fingerprintOf(ESTIMATORS), async () => {
        const known = await truthsOf(problem);
        return { verification: await verifyProblem(problem, settings, { known }) };
      });
      if (verification) results.push({ problem, verification });
    }
    const subsets: Sampled[] = [];
    const whole = results.find(({ problem }) => problem === SAMPLED)?.verification;
    for (const sample of whole ? SAMPLES : []) {
      const what = `${SAMPLED}, ${sample} validation examples`;
      const { verification } = await get(what, fingerprintOf(SEEN_BY_FEW), async () => ({
        verification: await verifyProblem(SAMPLED, settings, {
          known: whole?.truths ?? [],
          sample,
          estimators: SEEN_BY_FEW,
        }),
      }));
      if (verification) subsets.push({ sample, verification });
    }
    const report = verifyReport(results, "npm run bench -- estimators");
    const few = whole ? subsetReport({ sample: VALIDATION, verification: whole }, subsets) : "";
    console.log([report, few, boundReport(bound), noiseReport(noise)].join("\n\n"));
    if (!write || problems.length < PROBLEM_NAMES.length) return;
    writeSection("verify", report, PAGE);
    writeSection("subset", few, PAGE);
    writeSection("bound", boundReport(bound), PAGE);
    writeSection("noise", noiseReport(noise), PAGE);
    for (const { problem, verification } of results) {
      const svg = await plot(PROBLEM_FACTS[problem].title, verification, DRAWN);
      writeAtomically(join(DOCS, `estimators-${problem}.svg`), [svg]);
    }
  });
