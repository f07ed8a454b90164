/** The GPU that figures come from, or why there is none. */
import { spawnSync } from "node:child_process";
import { wheelEnvironment } from "../../scripts/gpu/libraries.mjs";

export interface Gpu {
  readonly name: string;
  readonly computeCapability: string;
  readonly memoryBytes: number;
  /** As nvidia-smi tells it. */
  readonly driver: string;
  /** Paths of NVIDIA's libraries. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** What `devices()` says of a device. */
export interface DeviceEntry {
  readonly name: string;
  readonly usable: boolean;
  readonly reason: string;
  readonly gpus?: readonly Pick<Gpu, "name" | "computeCapability" | "memoryBytes">[];
  readonly libraries?: Readonly<Record<string, string>>;
}

/** Asks a process with these variables besides ours. */
export type Probe = (env: Readonly<Record<string, string>>) => Promise<readonly DeviceEntry[]>;

export interface FoundGpu {
  readonly gpu: Gpu;
  /** What programs need in their environment to find NVIDIA's libraries. */
  readonly env: Readonly<Record<string, string>>;
}

function gpuOf(cuda: DeviceEntry | undefined, driver: () => string): Gpu | undefined {
  const [gpu] = cuda?.gpus ?? [];
  if (!cuda?.usable || !gpu) return undefined;
  const { name, computeCapability, memoryBytes } = gpu;
  const libraries = cuda.libraries ?? {};
  return { name, computeCapability, memoryBytes, driver: driver(), libraries };
}

export function driverVersion(): string {
  const query = ["--query-gpu=driver_version", "--format=csv,noheader"];
  const { status, stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  return status === 0 ? (stdout.trim().split("\n")[0] ?? "unknown") : "unknown";
}

/**
 * The first GPU. Where NVIDIA's libraries are not found, they may lie in Python's packages.
 *
 * @throws with the reason when none can be used
 */
export async function findGpu(
  probe: Probe,
  wheels: () => Record<string, string> = () => wheelEnvironment(process.env),
  driver: () => string = driverVersion,
): Promise<FoundGpu> {
  let reason = "unknown";
  for (const environment of [() => ({}), wheels]) {
    const env: Record<string, string> = environment();
    const cuda = (await probe(env)).find(({ name }) => name === "cuda");
    const gpu = gpuOf(cuda, driver);
    if (gpu) return { gpu, env };
    reason = cuda?.reason ?? reason;
  }
  throw new Error(`No GPU can be used, so nothing was measured: ${reason}`);
}
