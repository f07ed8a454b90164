/** NVIDIA's libraries where Python's packages keep them: no loader looks there by itself. */
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

const SCRIPT = `
import glob, os, nvidia
for folder in nvidia.__path__:
    for library in sorted(glob.glob(os.path.join(folder, "*", "lib"))):
        print(library)
`;

/** @param {string} python @returns {string[]} folders with libraries; none without that Python or such packages */
export function wheelFolders(python = "python3") {
  const { status, stdout } = spawnSync(python, ["-c", SCRIPT], { encoding: "utf8" });
  return status === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
}

/**
 * Names these folders in GLOCAL_CUDA_PATH, unless it says something already.
 *
 * @param {NodeJS.ProcessEnv} env changed
 */
export function addWheelsToPath(env, folders = wheelFolders) {
  if (env.GLOCAL_CUDA_PATH) return;
  const found = folders();
  if (found.length > 0) env.GLOCAL_CUDA_PATH = found.join(delimiter);
}
