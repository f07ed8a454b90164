/** What the addon is told about CUDA on this machine. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { CudaOptions } from "./addon.js";
import { findCudaLibraries } from "./cuda-libraries.js";

/** Compiled kernels lie in the user's cache. */
function cacheFolder(env: NodeJS.ProcessEnv): string {
  const cache = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return join(cache, "glocal", "kernels");
}

export function cudaOptions(env: NodeJS.ProcessEnv = process.env): CudaOptions {
  return { libraries: findCudaLibraries(env), cacheFolder: cacheFolder(env), ordinal: 0 };
}
