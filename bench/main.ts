/** `npm run bench -- <what>`: measures, prints a table and writes it to bench/RESULTS.md. */
import { Command } from "commander";
import { type AccuracyOptions, accuracyReport, runAccuracy } from "./accuracy.js";
import { count, methods, numbers, rowNames } from "./arguments.js";
import { command, finish, note, type Output } from "./command.js";
import { comparison } from "./comparison/command.js";
import { estimators } from "./estimators/command.js";
import { gpu } from "./gpu/command.js";
import { hypergradients } from "./hypergradients.js";
import { kernels } from "./kernels/command.js";
import { type LenetOptions, lenetReport, runLenet } from "./lenet.js";
import { runLinalg } from "./linalg.js";
import { linalgReport } from "./linalg-report.js";
import { type PeersOptions, runPeers } from "./peers.js";
import { peersReport } from "./peers-report.js";
import { profile } from "./profile-command.js";
import { METHODS } from "./setting.js";

const lenet = command("lenet", "milliseconds per inner step, beside JAX when it is installed")
  .option("--windows <n>", "timed windows in each process, after warming up", count, 4)
  .option("--repeat <n>", "processes for each method, ours and the rival's in turn", count, 3)
  .option("--data <dir>", "folder of Fashion-MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave bench/RESULTS.md alone")
  .action(async (options: LenetOptions & Output) => {
    const result = await runLenet(options, note);
    finish("lenet", result, lenetReport(result), options);
  });

const accuracy = command("accuracy", "test accuracy after training, by method, rate and seed")
  .option("--steps <n>", "inner steps of each training", count, 1500)
  .option("--lr <rates>", "initial learning rates", numbers, [0.01, 0.1])
  .option("--seeds <seeds>", "seeds", numbers, [0, 1, 2])
  .option("--estimators <names>", "methods", methods, [...METHODS])
  .option("--fresh", "train again what bench/results has", false)
  .option("--data <dir>", "folder of Fashion-MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave bench/RESULTS.md alone")
  .action(async (options: AccuracyOptions & Output) => {
    const rows = await runAccuracy(options, note);
    finish("accuracy", rows, accuracyReport(options, rows), options);
  });

const peers = command("peers", "every target in one table, beside torch, JAX and NumPy")
  .option("--rows <names>", "only these rows, and nothing is written", rowNames)
  .option("--repeat <n>", "turns of each program, ours and the rivals'", count, 2)
  .option("--data <dir>", "folder of Fashion-MNIST's IDX files (default: the usual places)")
  .option("--no-write", "leave bench/RESULTS.md alone")
  .action(async (options: PeersOptions & Output) => {
    const result = await runPeers(options, note);
    const write = options.write && options.rows === undefined;
    finish("peers", result, peersReport(result), { ...options, write });
  });

const linalg = command(
  "linalg",
  "fits of the operator by LAPACK and, where there is a GPU, cuSOLVER",
)
  .option("--no-write", "leave bench/RESULTS.md alone")
  .action((options: Output) => {
    const result = runLinalg(note);
    finish("linalg", result, linalgReport(result), options);
  });

await new Command("bench")
  .description(
    "Benchmarks of glocal. Figures mean something only on a machine that is otherwise idle.",
  )
  .addCommand(lenet)
  .addCommand(peers)
  .addCommand(accuracy)
  .addCommand(comparison)
  .addCommand(estimators)
  .addCommand(kernels)
  .addCommand(profile)
  .addCommand(hypergradients)
  .addCommand(linalg)
  .addCommand(gpu)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  });
