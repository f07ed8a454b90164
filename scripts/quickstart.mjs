/** The first command for a newcomer: sets everything up, then trains LeNet on MNIST while its hyperparameters are tuned. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { orExplain, ROOT, setUp } from "./setup.mjs";

orExplain(() => {
  setUp(ROOT);
  console.log("");
  const cli = join(ROOT, "dist", "cli", "main.js");
  // Without a timeout and in the same process group, so that Ctrl-C reaches the run and is its to handle.
  process.on("SIGINT", () => {});
  const { status } = spawnSync(
    process.execPath,
    [cli, "run", "lenet-mnist", ...process.argv.slice(2)],
    {
      stdio: "inherit",
      cwd: ROOT,
    },
  );
  process.exitCode = status ?? 1;
});
