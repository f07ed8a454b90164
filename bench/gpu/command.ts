/** `npm run bench:gpu`: its options. */
import { InvalidArgumentError, Option } from "commander";
import { count, names } from "../arguments.js";
import { command, finish, note, type Output } from "../command.js";
import { ENTRANT_NAMES } from "./entrants.js";
import { gpuReport } from "./report.js";
import type { GpuOptions } from "./result.js";
import { runGpu } from "./run.js";

export const entrantNames = (text: string): string[] => names(text, ENTRANT_NAMES);

export function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(Number.isFinite(value) && value > 0))
    throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

export const gpu = command("gpu", "LeNet and WRN-28-2 on a GPU, beside JAX on the same one")
  .option("--steps <n>", "inner steps of LeNet that are timed, scaled to 20,000", count, 2_000)
  .option("--repeat <n>", "turns of each program, ours and JAX's", count, 2)
  .option("--rows <names>", "only these rows, and nothing is written", entrantNames)
  .option("--minutes <n>", "start nothing new after so many minutes", minutes)
  .option("--data <dir>", "folder of Fashion-MNIST's IDX files (default: the usual places)")
  .addOption(
    new Option(
      "--synthetic",
      "images that mean nothing, as where Fashion-MNIST is not found",
    ).conflicts("data"),
  )
  .addOption(
    new Option("--device <name>", "cpu: a rehearsal without a GPU, and nothing is written")
      .choices(["cuda", "cpu"])
      .default("cuda"),
  )
  .option("--no-write", "leave bench/RESULTS.md alone")
  .action(async (options: GpuOptions & Output) => {
    const result = await runGpu(options, note);
    const write = options.write && options.rows === undefined && options.device === "cuda";
    finish("gpu", result, gpuReport(result), { ...options, write });
    if (result.failures.length > 0) process.exitCode = 1;
  });
