/** The JAX rival: where its Python is, and one timed run of it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { lastLineOf } from "./process.js";
import { BENCH_FOLDER } from "./results-file.js";
import type { Method } from "./setting.js";
import type { Spread } from "./statistics.js";

export interface RivalRun {
  readonly msPerStep: Spread;
  readonly peakRssMb: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly device: string;
  readonly fallbacks: number;
}

const VENV_PYTHON = join(BENCH_FOLDER, "..", ".cache", "peers-venv", "bin", "python");

export const RIVAL_HINT =
  "Run bench/peers/setup once, or set GLOCAL_PEERS_PYTHON to a Python that has JAX and optax.";

function hasJax(python: string): boolean {
  return spawnSync(python, ["-c", "import jax, optax"]).status === 0;
}

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

export function runRival({ python, method, windows, dir }: RivalRequest): Promise<RivalRun> {
  const program = join(BENCH_FOLDER, "peers", "lenet_jax.py");
  const data = dir === undefined ? [] : ["--data", dir];
  return lastLineOf(python, [program, "--method", method, "--windows", String(windows), ...data]);
}
