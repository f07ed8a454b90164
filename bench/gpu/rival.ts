/** JAX on the GPU: a Python whose JAX runs there. */
import { spawnSync } from "node:child_process";
import { hasModules } from "../rival.js";

const PLATFORM = "import jax; print(jax.devices()[0].platform)";

export type Platform = "gpu" | "cpu" | (string & {});

/** Where a Python's JAX runs; null when it has none, or no optax. */
function platformOf(python: string): Platform | null {
  if (!hasModules(python, ["jax", "optax"])) return null;
  const { status, stdout } = spawnSync(python, ["-c", PLATFORM], { encoding: "utf8" });
  return status === 0 ? (stdout.trim().split("\n").at(-1) ?? null) : null;
}

export interface GpuRival {
  readonly python: string | null;
  /** Why there is none; "" when there is. */
  readonly reason: string;
}

/**
 * $GLOCAL_PEERS_PYTHON, else python3, if its JAX runs on `wanted`: anything else would be no comparison.
 *
 * @throws never: ours runs alone then
 */
export function findGpuRival(
  wanted: Platform,
  env: NodeJS.ProcessEnv = process.env,
  ask: (python: string) => Platform | null = platformOf,
): GpuRival {
  const python = env["GLOCAL_PEERS_PYTHON"] || "python3";
  const platform = ask(python);
  if (platform === wanted) return { python, reason: "" };
  const why = platform === null ? "has no JAX with optax" : `has a JAX that runs on ${platform}`;
  const hint = `Set GLOCAL_PEERS_PYTHON to one whose JAX runs on ${wanted}.`;
  return { python: null, reason: `${python} ${why}: no comparison. ${hint}` };
}
