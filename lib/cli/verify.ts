/** `glocal verify`: how near estimators come to the hypergradient at the end of training. */

import { accessSync, constants, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import Table from "cli-table3";
import { GlocalError } from "../errors.js";
import { writeAtomically } from "../study/atomic.js";
import { unwritable } from "../study/index.js";
import { PROBLEM_FACTS, PROBLEM_NAMES, type ProblemName } from "../verify/names.js";
import type { Summary } from "../verify/summary.js";
import type { Verification } from "../verify/types.js";
import { formatNumber } from "./format.js";
import type { Io } from "./io.js";
import type { Verifying } from "./library.js";

export interface VerifyOptions {
  readonly quick?: boolean;
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** The problems that take seconds. */
export const EXACT = PROBLEM_NAMES.filter((name) => PROBLEM_FACTS[name].deterministic);

interface Verified extends Verification {
  readonly problem: ProblemName;
  readonly title: string;
  readonly ceiling: number | null;
  readonly summary: readonly Summary[];
}

export async function runVerify(
  problems: readonly ProblemName[],
  { quick = false, data, out, json = false }: VerifyOptions,
  io: Io,
  { verifyProblem, summarize, meanCeiling, plot }: Verifying,
): Promise<number> {
  const folder = out === undefined ? undefined : writableFolder(resolve(io.cwd, out));
  const talk = json ? io.stderr : io.stdout;
  const results: Verified[] = [];
  for (const problem of problems) {
    const { title } = PROBLEM_FACTS[problem];
    io.stderr.write(`glocal: ${title} …\n`);
    const dir = data === undefined ? {} : { dir: resolve(io.cwd, data) };
    const verification = await verifyProblem(problem, { quick, ...dir });
    const summary = summarize(verification);
    const ceiling = meanCeiling(verification);
    results.push({ problem, title, ceiling, summary, ...verification });
    talk.write(`${tableOf(title, summary, ceiling)}\n`);
    if (folder === undefined) continue;
    const drawn = await drawnBy(plot, title, verification, io);
    if (drawn !== undefined) writeAtomically(join(folder, `${problem}.svg`), [drawn]);
  }
  const text = `${JSON.stringify(results)}\n`;
  if (folder !== undefined) {
    writeAtomically(join(folder, "verification.json"), [text]);
    talk.write(`Folder: ${folder}\n`);
  }
  if (json) io.stdout.write(text);
  return 0;
}

/** Before anything is computed: minutes later it would be lost. */
function writableFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return path;
  } catch (cause) {
    throw unwritable("results", path, cause as Error);
  }
}

/** Numbers without a plot are better than none. */
async function drawnBy(
  plot: Verifying["plot"],
  title: string,
  verification: Verification,
  io: Io,
): Promise<string | undefined> {
  try {
    return await plot(title, verification, [
      ...new Set(verification.comparisons.map(({ estimator }) => estimator)),
    ]);
  } catch (error) {
    if (!(error instanceof GlocalError)) throw error;
    io.stderr.write(`glocal: no plot: ${error.message}\n`);
    return undefined;
  }
}

function tableOf(title: string, summary: readonly Summary[], ceiling: number | null): string {
  const head = [title, "cosine", "rel. error", "to last()", "fallbacks"];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { estimator, cosine, error, ratio, fallbacks, count } of summary)
    table.push([
      estimator,
      formatNumber(cosine),
      formatNumber(error),
      formatNumber(ratio),
      `${fallbacks} of ${count}`,
    ]);
  if (ceiling !== null) table.push(["ceiling", formatNumber(ceiling), "", "", ""]);
  return table.toString();
}
