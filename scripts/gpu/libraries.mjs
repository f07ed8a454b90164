/** NVIDIA's libraries where Python's packages keep them: no loader looks there by itself. */
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

const SCRIPT = `
import glob, os, nvidia
for folder in nvidia.__path__:
    for library in sorted(glob.glob(os.path.join(folder, "*", "lib"))):
        print(library)
`;

/** @param {string} [python] @returns {string[]} folders with libraries; none without that Python or such packages */
export function wheelFolders(python = "python3") {
  const { status, stdout } = spawnSync(python, ["-c", SCRIPT], { encoding: "utf8" });
  return status === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
}

/**
 * What to set besides: GLOCAL_CUDA_PATH with these folders, when it says nothing yet.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {() => string[]} [folders]
 * @returns {Record<string, string>}
 */
export function wheelEnvironment(env, folders = wheelFolders) {
  if (env.GLOCAL_CUDA_PATH) return {};
  const found = folders();
  return found.length > 0 ? { GLOCAL_CUDA_PATH: found.join(delimiter) } : {};
}
