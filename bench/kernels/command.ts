/** `npm run bench -- kernels`: its options. */
import { Option } from "commander";
import { command, note } from "../command.js";
import { writeSection } from "../results-file.js";
import { GROUPS } from "./case.js";
import { readEarlier } from "./earlier.js";
import { comparisonReport, kernelsReport } from "./report.js";
import { type KernelsOptions, runKernels } from "./run.js";

interface Output {
  readonly json?: boolean;
  readonly write: boolean;
  readonly compare?: string;
}

export const kernels = command("kernels", "the native kernels, each beside the machine's ceiling")
  .addOption(new Option("--only <group...>", "only these groups").choices(GROUPS).default([]))
  .option("--compare <file>", "print ratios to an earlier run's JSON instead of the tables")
  .option("--no-write", "leave bench/RESULTS.md alone, as runs of some groups do in any case")
  .action(async (options: KernelsOptions & Output) => {
    const { only, json, write, compare } = options;
    const earlier = compare === undefined ? undefined : readEarlier(compare);
    const result = await runKernels(options, note);
    if (write && only.length === 0) writeSection("kernels", kernelsReport(result));
    if (json) console.log(JSON.stringify(result));
    else console.log(earlier ? comparisonReport(result, earlier) : kernelsReport(result));
  });
