/** `bench comparison`: does it pay? */
import { join } from "node:path";
import { count, names, numbers } from "../arguments.js";
import { command, note } from "../command.js";
import { BENCH_FOLDER, writeSection } from "../results-file.js";
import { METHOD_NAMES } from "./methods.js";
import { comparisonReport } from "./report.js";
import { type Options, runComparison } from "./run.js";

const PAGE = join(BENCH_FOLDER, "..", "docs", "estimators.md");

export const comparison = command(
  "comparison",
  "test accuracy on Fashion-MNIST by estimator, rate and seed; writes its section of docs/estimators.md",
)
  .option("--steps <n>", "inner steps of each training", count, 2000)
  .option("--lr <rates>", "initial learning rates", numbers, [0.01, 0.1, 0.5])
  .option("--seeds <seeds>", "seeds", numbers, [0, 1, 2])
  .option("--methods <names>", "methods", (text: string) => names(text, METHOD_NAMES), METHOD_NAMES)
  .option("--cached", "train nothing, report what there is", false)
  .option("--data <dir>", "folder of Fashion-MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave docs/estimators.md alone")
  .action(async (options: Options & { json?: boolean; write: boolean }) => {
    const result = await runComparison(options, note);
    const report = comparisonReport(options, result);
    if (options.write) writeSection("comparison", report, PAGE);
    console.log(options.json ? JSON.stringify(result) : report);
  });
