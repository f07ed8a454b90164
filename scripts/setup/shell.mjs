/** Runs other programs quietly: what they say is shown only when they fail. */
import { spawnSync } from "node:child_process";

/** @typedef {{ code: number, output: string }} Outcome */
/** @typedef {(command: string, args: string[], options?: { cwd?: string }) => Outcome} Run */

/** @type {Run} */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: options.cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}`;
  if (result.error) return { code: 127, output: `${output}${result.error.message}` };
  return { code: result.status ?? 1, output };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 */
export function runOrThrow(command, args, options) {
  const { code, output } = run(command, args, options);
  if (code === 0) return;
  const tail = output.trimEnd().split("\n").slice(-60).join("\n");
  throw new Error(`\`${[command, ...args].join(" ")}\` ended with exit code ${code}:\n${tail}`);
}
