/** Whether CUDA can be used here. A driver that is broken may take a process down, so another one tries it. */
import { spawnSync } from "node:child_process";
import type { CudaOptions, NativeCudaProbe } from "./addon.js";
import { anyLies } from "./cuda-libraries.js";
import { cudaOptions } from "./cuda-options.js";
import { fromNative } from "./errors.js";
import { addonPath, loadAddon } from "./load.js";

const TIMEOUT_MS = 60_000;
/** Sets the answer apart from what a library may print. */
const MARK = "glocal-cuda-probe:";
const SCRIPT = `
const [addon, options] = process.argv.slice(1);
const probe = require(addon).probeCuda(JSON.parse(options));
require("node:fs").writeSync(1, "\\n${MARK}" + JSON.stringify(probe) + "\\n");
`;

/** An answer without any detail. */
function unusable(code: NativeCudaProbe["code"], reason: string): NativeCudaProbe {
  return { usable: false, code, reason, devices: [], driverVersion: 0, libraries: {} };
}

function isProbe(value: unknown): value is NativeCudaProbe {
  if (typeof value !== "object" || value === null) return false;
  const { usable, reason, devices } = value as Partial<Record<keyof NativeCudaProbe, unknown>>;
  return typeof usable === "boolean" && typeof reason === "string" && Array.isArray(devices);
}

function parsed(output: string): NativeCudaProbe | undefined {
  const line = output.split("\n").find((text) => text.startsWith(MARK));
  if (line === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(MARK.length));
    return isProbe(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function probeInChild(addon: string, options: CudaOptions): NativeCudaProbe {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, signal, stdout, stderr, error } = spawnSync(
    process.execPath,
    ["-e", SCRIPT, addon, JSON.stringify(options)],
    {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
      stdio: ["ignore", "pipe", "pipe"],
      // Electron's executable is Node only when it is told so.
      env: { ...env, ELECTRON_RUN_AS_NODE: "1" },
    },
  );
  const probe = parsed(stdout ?? "");
  if (probe && status === 0) return probe;
  const late = (error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT";
  const end = error
    ? late
      ? `no answer within ${TIMEOUT_MS / 1000} s`
      : error.message
    : signal
      ? `the signal ${signal}`
      : status === 0
        ? "an answer that makes no sense"
        : `exit code ${status}`;
  const words = (stderr ?? "").trim().split("\n").at(-1);
  return unusable(
    "GLOCAL_CUDA",
    `Expected a process that tries CUDA to tell what it found but received ${end}${words ? ` (${words})` : ""}.` +
      " Check that nvidia-smi works.",
  );
}

/** Tries CUDA with these options, each time anew. Never throws, prints nothing. */
export function probeCudaWith(options: CudaOptions): NativeCudaProbe {
  try {
    // Even opening a driver that is broken may take a process down. Where there is none, the loader says so.
    if (!anyLies(options.libraries.driver)) loadAddon().findCudaDriver(options);
  } catch (thrown) {
    const error = fromNative(thrown);
    const code = (error as { code?: NativeCudaProbe["code"] }).code ?? "GLOCAL_CUDA";
    return unusable(code, error instanceof Error ? error.message : String(error));
  }
  return probeInChild(addonPath(), options);
}

let probed: NativeCudaProbe | undefined;

/**
 * Whether CUDA can be used on this machine and if not, why. Without a driver's library the answer comes
 * at once; else another process opens everything, which takes a second, once for each process that asks.
 */
export function probeCuda(): NativeCudaProbe {
  probed ??= probeCudaWith(cudaOptions());
  return probed;
}
