/** NVIDIA's compute-sanitizer over one short training. */
import { spawnSync } from "node:child_process";

/**
 * memcheck: accesses beyond memory, and failed calls of CUDA. racecheck: threads of a block that
 * touch the same shared memory without a barrier between; it does not look at global memory, nor at
 * what two kernels do to each other.
 */
export const TOOLS = /** @type {const} */ (["memcheck", "racecheck"]);

const FOUND_SOMETHING = 86;

/** @param {string} tool @param {readonly string[]} command */
export function sanitizerArguments(tool, command) {
  return ["--tool", tool, "--error-exitcode", String(FOUND_SOMETHING), ...command];
}

/** @param {NodeJS.ProcessEnv} [env] */
export function hasSanitizer(env = process.env) {
  return spawnSync("compute-sanitizer", ["--version"], { env }).status === 0;
}

/**
 * What a run came to. A tool that says nothing of errors has not looked.
 *
 * @param {number | null} status
 * @param {string} output
 * @returns {string} "" when it is clean
 */
export function complaint(status, output) {
  const summary = output.split("\n").findLast((line) => /SUMMARY:/.test(line)) ?? "";
  if (status === FOUND_SOMETHING) return summary.trim() || "it found errors";
  if (status !== 0) return `it ended with code ${status}`;
  if (!/SUMMARY:\s*0 (errors|hazards)/.test(summary))
    return `expected a summary with 0 errors or hazards, received ${JSON.stringify(summary)}`;
  return "";
}

/**
 * @param {string} tool
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} "" when it is clean
 */
export function sanitize(tool, command, env) {
  const { status, stdout, stderr } = spawnSync(
    "compute-sanitizer",
    sanitizerArguments(tool, command),
    { encoding: "utf8", env, maxBuffer: 2 ** 28 },
  );
  const output = `${stdout ?? ""}${stderr ?? ""}`;
  console.log(output.trimEnd());
  return complaint(status, output);
}
