/** The rivals: where their Python is, what it has, and one timed run of a program. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lastLineOf } from "./process.js";
import { BENCH_FOLDER } from "./results-file.js";
import type { Method } from "./setting.js";
import type { Spread } from "./statistics.js";

/** What every rival's program prints. */
export interface RivalFigure {
  readonly msPerStep: Spread;
  readonly peakRssMb: number;
  readonly versions: Readonly<Record<string, string>>;
}

export interface RivalRun extends RivalFigure {
  readonly device: string;
  readonly fallbacks: number;
}

const VENV_PYTHON = join(BENCH_FOLDER, "..", ".cache", "peers-venv", "bin", "python");

export const RIVAL_HINT =
  "Run bench/peers/setup once, or set GLOCAL_PEERS_PYTHON to a Python that has JAX and optax.";

/** Whether a Python can import all of these modules. */
export function hasModules(python: string, modules: readonly string[]): boolean {
  return spawnSync(python, ["-c", `import ${modules.join(", ")}`]).status === 0;
}

const hasJax = (python: string) => hasModules(python, ["jax", "optax"]);

/**
 * A Python with JAX: $GLOCAL_PEERS_PYTHON, the one that bench/peers/setup makes, or python3; null when none has it.
 *
 * @throws when $GLOCAL_PEERS_PYTHON is set and has no JAX
 */
export function findRivalPython(env: NodeJS.ProcessEnv = process.env): string | null {
  const chosen = env["GLOCAL_PEERS_PYTHON"];
  if (chosen) {
    if (hasJax(chosen)) return chosen;
    throw new Error(`GLOCAL_PEERS_PYTHON is ${chosen}, which cannot import jax and optax.`);
  }
  const candidates = [...(existsSync(VENV_PYTHON) ? [VENV_PYTHON] : []), "python3"];
  return candidates.find(hasJax) ?? null;
}

export interface RivalRequest {
  readonly python: string;
  readonly method: Method;
  readonly windows: number;
  readonly dir?: string | undefined;
}

/** Runs a program of `peers/`. */
export function runRivalProgram<Figure extends RivalFigure>(
  python: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Figure> {
  return lastLineOf(python, [join(BENCH_FOLDER, "peers", program), ...args], env);
}

export const dataArguments = (dir: string | undefined) =>
  dir === undefined ? [] : ["--data", dir];

export function runRival({ python, method, windows, dir }: RivalRequest): Promise<RivalRun> {
  const args = ["--method", method, "--windows", String(windows), ...dataArguments(dir)];
  return runRivalProgram(python, "lenet_jax.py", args);
}
