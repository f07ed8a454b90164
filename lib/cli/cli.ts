/** The command line: what can be asked for, and what every way of ending is called. */

import { Argument, Command, CommanderError, Option } from "commander";
import { GlocalError } from "../errors.js";
import { PROBLEM_NAMES, type ProblemName } from "../verify/names.js";
import { device } from "./device-name.js";
import { runDoctor } from "./doctor.js";
import { ESTIMATOR_NAMES } from "./estimators.js";
import { MAIN_HELP, RUN_HELP, SUMMARY, VERIFY_HELP } from "./help.js";
import type { Io } from "./io.js";
import { type Library, loadLibrary, loadVerifying, type Verifying } from "./library.js";
import { decimal, integer, tangents } from "./numbers.js";
import { LENET_DEFAULTS as defaults, RECIPES } from "./recipes.js";
import { runRecipe } from "./run.js";
import { ON_DIVERGENCE, PRECISIONS, type RunOptions, settingsFor } from "./settings.js";
import { UsageError } from "./usage-error.js";
import { EXACT, runVerify, type VerifyOptions } from "./verify.js";
import { packageVersion } from "./version.js";

/** How every line about bad usage begins: the same shape as other errors, with a code. */
const USAGE = "glocal: GLOCAL_USAGE: ";

const OK = 0;
const FAILED = 1;
const BAD_USAGE = 2;

/**
 * Runs one command line and returns its exit code: 0 done, 1 failed (a line
 * `glocal: CODE: message` on stderr), 2 bad usage, 130 stopped by a signal.
 *
 * @param argv what follows the program's name
 * @param library loads what the commands use; tests hand in a small one
 */
export async function main(
  argv: readonly string[],
  io: Io,
  library: () => Promise<Library> = loadLibrary,
  verifying: () => Promise<Verifying> = loadVerifying,
): Promise<number> {
  let exitCode = OK;
  const program = commandLine(io, {
    run: async (recipe, options) => {
      const settings = settingsFor(recipe, options);
      exitCode = await runRecipe(settings, io, await library());
    },
    doctor: async (options) => {
      exitCode = runDoctor(options, io, await library());
    },
    verify: async (problems, options) => {
      exitCode = await runVerify(problems, options, io, await verifying());
    },
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return explain(error, program, argv, io);
  }
}

interface Actions {
  run(recipe: string, options: RunOptions): Promise<void>;
  doctor(options: { json?: boolean }): Promise<void>;
  verify(problems: ProblemName[], options: VerifyOptions): Promise<void>;
}

function commandLine(io: Io, actions: Actions): Command {
  const program = new Command("glocal")
    .description(SUMMARY)
    .version(packageVersion(), "-v, --version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, USAGE)),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", MAIN_HELP);

  program
    .command("run")
    .description("train a recipe while its hyperparameters are tuned")
    .addArgument(new Argument("<recipe>", "what to train").choices(Object.keys(RECIPES)))
    .addOption(number("--steps <n>", `training steps (default: ${defaults.steps})`, integer(1)))
    .addOption(
      number(
        "--lr <x>",
        `learning rate to begin with (default: ${defaults.lr})`,
        decimal({ above: 0 }),
      ),
    )
    .addOption(
      number(
        "--momentum <x>",
        `momentum to begin with (default: ${defaults.momentum})`,
        decimal({ atLeast: 0, below: 1 }),
      ),
    )
    .addOption(
      number(
        "--weight-decay <x>",
        `weight decay to begin with (default: ${defaults.weightDecay})`,
        decimal({ atLeast: 0 }),
      ),
    )
    .addOption(
      number("--seed <k>", "of initial values, batches and the split", integer(0)).default(0),
    )
    .addOption(
      new Option("--estimator <name>", "how to tune").choices(ESTIMATOR_NAMES).default("glocal"),
    )
    .addOption(number("--batch <n>", `examples a step (default: ${defaults.batch})`, integer(1)))
    .addOption(
      number("--window <n>", `steps between two updates (default: ${defaults.window})`, integer(1)),
    )
    .addOption(
      number(
        "--last <n>",
        `hypergradients at a window's end that mean and glocal use (default: ${defaults.last})`,
        integer(1),
      ),
    )
    .addOption(
      number(
        "--stacks <n>",
        `time delays in an observation of glocal (default: ${defaults.stacks})`,
        integer(1),
      ),
    )
    .addOption(
      new Option(
        "--tangents <how>",
        "carried into the next window: see below (default: as the estimator has it)",
      ).argParser(tangents),
    )
    .addOption(
      number(
        "--clip <x>",
        "largest norm of carried tangents, in norms of the training state (default: as the estimator has it)",
        decimal({ above: 0 }),
      ),
    )
    .addOption(
      number(
        "--criterion-subset <n>",
        "validation examples that hypergradients see, drawn for each window (default: all)",
        integer(1),
      ),
    )
    .addOption(
      number(
        "--outer-lr <x>",
        `learning rate of the hyperparameters' own Adam (default: ${defaults.outerLr})`,
        decimal({ above: 0 }),
      ),
    )
    .addOption(
      number(
        "--evaluate-every <n>",
        `steps between two looks at the test data (default: ${defaults.evaluateEvery})`,
        integer(1),
      ),
    )
    .addOption(
      number(
        "--validation <x>",
        `fraction of the training data held out to tune on (default: ${defaults.validation})`,
        decimal({ above: 0, below: 1 }),
      ),
    )
    .option("--data <dir>", "folder of the data's files")
    .option("--out <dir>", "folder for the results; new or empty")
    .option("--json", "print the result as JSON on stdout and nothing else there")
    .addOption(
      new Option("--device <name>", "where to compute: auto, cpu, cuda, or cuda:1 and so on")
        .argParser(device)
        .default("auto"),
    )
    .addOption(
      new Option("--precision <name>", "in what a GPU multiplies")
        .choices(PRECISIONS)
        .default("float32"),
    )
    .addOption(number("--threads <n>", "processor threads (default: all)", integer(1)))
    .addOption(
      number(
        "--rewinds <n>",
        "most times that a window begins again when training diverges in it (default: 8)",
        integer(0),
      ),
    )
    .addOption(
      new Option(
        "--on-divergence <what>",
        "when training diverges for good: fail, or end the run in order",
      )
        .choices(ON_DIVERGENCE)
        .default("throw"),
    )
    .option("--debug", "show the stack of an error")
    .addHelpText("after", RUN_HELP)
    .action(actions.run);

  program
    .command("doctor")
    .description("say what this installation can use, and why not more")
    .option("--json", "print it as JSON")
    .option("--debug", "show the stack of an error")
    .action(actions.doctor);

  program
    .command("verify")
    .description("compare estimators with the hypergradient at the end of training, run to the end")
    .addArgument(
      new Argument("[problems...]", "on what; see below").choices(PROBLEM_NAMES).default(EXACT),
    )
    .option("--quick", "few steps, points and minibatch orders")
    .option("--data <dir>", "folder of MNIST's files")
    .option("--out <dir>", "folder for verification.json and an SVG for each problem")
    .option("--json", "print the result as JSON on stdout and nothing else there")
    .option("--debug", "show the stack of an error")
    .addHelpText("after", VERIFY_HELP)
    .action(actions.verify);
  return program;
}

function number(flags: string, description: string, parse: (text: string) => number): Option {
  return new Option(flags, description).argParser(parse);
}

/** Says on stderr what went wrong and returns the exit code. Commander has already said what it refused. */
function explain(error: unknown, program: Command, argv: readonly string[], io: Io): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return OK;
    io.stderr.write(choices(error.code, program, argv));
    return BAD_USAGE;
  }
  if (error instanceof UsageError) {
    io.stderr.write(`${USAGE}${error.message}\n`);
    return BAD_USAGE;
  }
  const code = error instanceof GlocalError ? error.code : "UNEXPECTED";
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(`glocal: ${code}: ${message.replaceAll("\n", " ")}\n`);
  if (argv.includes("--debug") && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  return FAILED;
}

/** What would have been valid, where commander does not say it itself. */
function choices(code: string, program: Command, argv: readonly string[]): string {
  if (code === "commander.unknownCommand") {
    return `Commands: ${program.commands.map((command) => command.name()).join(", ")}\n`;
  }
  if (code !== "commander.unknownOption") return "";
  const command = program.commands.find((each) => argv.includes(each.name())) ?? program;
  const flags = command.options.map((option) => option.long);
  return `Options of ${command.name()}: ${[...flags, "--help"].join(", ")}\n`;
}
