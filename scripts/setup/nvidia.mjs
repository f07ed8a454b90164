/**
 * NVIDIA's headers and run-time compiler, which a few checks use where they are to be had: from CUDA_HOME, or as Python
 * wheels in the project's cache. Neither needs a GPU.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const WHEELS = [
  "nvidia-cuda-nvrtc",
  "nvidia-cublas",
  "nvidia-cusolver",
  "nvidia-cuda-runtime",
  "nvidia-cuda-crt",
  "nvidia-cuda-cccl",
];

/** @param {string} venv */
function unpacked(venv) {
  const lib = join(venv, "lib");
  if (!existsSync(lib)) return undefined;
  const folders = readdirSync(lib).map((python) => join(lib, python, "site-packages", "nvidia"));
  const found = folders.find((folder) => existsSync(folder));
  const toolkit = found && readdirSync(found).find((name) => /^cu\d+$/.test(name));
  const home = found && toolkit && join(found, toolkit);
  const complete = home && existsSync(join(home, "include", "cusolverDn.h"));
  return complete ? home : undefined;
}

/**
 * @param {string} root
 * @param {import("./provide.mjs").Machine} machine
 * @returns {{ line: string, env: Record<string, string> }}
 */
export function nvidiaToolkit(root, machine) {
  const venv = join(root, ".cache", "nvidia");
  const known = unpacked(venv);
  if (known) return { line: "in .cache", env: { GLOCAL_CUDA_TOOLKIT: known } };
  if (!machine.has("python3"))
    return { line: "not available (no python3), so checks that need it are skipped", env: {} };
  const pip = join(venv, "bin", "pip");
  machine.run("python3", ["-m", "venv", venv]);
  const { code, output } = machine.run(pip, ["install", "--quiet", "--retries", "0", ...WHEELS]);
  const home = unpacked(venv);
  if (code === 0 && home)
    return { line: "installed in .cache", env: { GLOCAL_CUDA_TOOLKIT: home } };
  const reason = output.trim().split("\n").at(-1) ?? "";
  return { line: `not available, so checks that need it are skipped. ${reason}`, env: {} };
}
