/** `npm run bench -- profile`: its options. */
import { Option } from "commander";
import { count } from "./arguments.js";
import { command } from "./command.js";
import { type ProfileOptions, runProfile } from "./profile.js";
import { type ProfileLists, profileReport } from "./profile-report.js";
import { METHODS, SETTING } from "./setting.js";
import { MODEL_NAMES } from "./step-programs.js";

export const profile = command("profile", "milliseconds of every kernel of a study's programs")
  .addOption(
    new Option("--method <name>", "LeNet's programs for this method")
      .choices(METHODS)
      .default("glocal"),
  )
  .addOption(
    new Option(
      "--model <name>",
      "instead the steps of a model: plain, with tangents, with adjoints",
    )
      .choices(MODEL_NAMES)
      .conflicts("method"),
  )
  .option("--lanes <n>", "tangents or adjoints of a model's steps", count, 2)
  .option("--batch <n>", "examples in a model's steps", count, SETTING.batch)
  .option("--program <name...>", "only these programs", [])
  .option("--slowest <n>", "list so many kinds and shapes, the slowest first", count)
  .option("--kernels", "list every kernel in order", false)
  .action(async (options: ProfileOptions & ProfileLists & { json?: boolean }) => {
    const result = await runProfile(options);
    console.log(options.json ? JSON.stringify(result) : profileReport(result, options));
  });
