/** The GPU that figures come from, or why there is none. */
import { spawnSync } from "node:child_process";
import { devices } from "../../lib/index.js";
import { addWheelsToPath } from "../../scripts/gpu/libraries.mjs";

export interface Gpu {
  readonly name: string;
  readonly computeCapability: string;
  readonly memoryBytes: number;
  /** As nvidia-smi tells it. */
  readonly driver: string;
  /** Paths of NVIDIA's libraries. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** What `devices()` says of CUDA. */
export interface CudaEntry {
  readonly name: string;
  readonly usable: boolean;
  readonly reason: string;
  readonly gpus?: readonly Pick<Gpu, "name" | "computeCapability" | "memoryBytes">[];
  readonly libraries?: Readonly<Record<string, string>>;
}

/** @throws with the reason when no GPU can be used */
export function gpuAmong(entries: readonly CudaEntry[], driver: () => string): Gpu {
  const cuda = entries.find(({ name }) => name === "cuda");
  const [gpu] = cuda?.gpus ?? [];
  if (!cuda?.usable || !gpu)
    throw new Error(`No GPU can be used, so nothing was measured: ${cuda?.reason ?? "unknown"}`);
  const { name, computeCapability, memoryBytes } = gpu;
  return {
    name,
    computeCapability,
    memoryBytes,
    driver: driver(),
    libraries: cuda.libraries ?? {},
  };
}

function driverVersion(): string {
  const query = ["--query-gpu=driver_version", "--format=csv,noheader"];
  const { status, stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  return status === 0 ? (stdout.trim().split("\n")[0] ?? "unknown") : "unknown";
}

/**
 * The first GPU. NVIDIA's libraries may lie in Python's packages, where no loader looks.
 *
 * @throws with the reason when none can be used
 */
export function usableGpu(): Gpu {
  addWheelsToPath(process.env);
  return gpuAmong(devices(), driverVersion);
}
