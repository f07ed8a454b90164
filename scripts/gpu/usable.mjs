/** Whether a GPU can be used here, as the built package says. */
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { wheelEnvironment } from "./libraries.mjs";

/**
 * @typedef {object} Entry what `devices()` says of CUDA
 * @property {boolean} usable
 * @property {string} reason
 * @property {{ name: string, computeCapability: string }[]} [gpus]
 */

/** @typedef {(env: Record<string, string>) => Entry} Probe */

/**
 * Asks a process of its own: what it finds depends on the environment that it starts with.
 *
 * @param {string} library dist/index.js
 * @returns {Probe}
 */
export function probeOf(library) {
  const script = `
    const { devices } = await import(${JSON.stringify(pathToFileURL(library).href)});
    console.log(JSON.stringify(devices().find(({ name }) => name === "cuda")));`;
  return (env) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "--eval", script],
      { encoding: "utf8", env: { ...process.env, ...env } },
    );
    if (status !== 0) return { usable: false, reason: stderr.trim() };
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  };
}

/**
 * The first GPU and what programs need in their environment to find NVIDIA's libraries: nothing,
 * or the folders of Python's packages.
 *
 * @param {Probe} probe
 * @param {() => Record<string, string>} [wheels]
 * @returns {{ gpu: string, env: Record<string, string> } | { reason: string }}
 */
export function findGpu(probe, wheels = () => wheelEnvironment(process.env)) {
  let reason = "";
  for (const environment of [() => ({}), wheels]) {
    /** @type {Record<string, string>} */
    const env = environment();
    const entry = probe(env);
    const [gpu] = entry.gpus ?? [];
    if (entry.usable && gpu)
      return { gpu: `${gpu.name}, compute capability ${gpu.computeCapability}`, env };
    reason = entry.reason;
  }
  return { reason };
}
