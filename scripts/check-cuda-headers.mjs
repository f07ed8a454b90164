/**
 * Holds our declarations of NVIDIA's functions (native/cuda/api) against NVIDIA's headers, where these are to be had:
 * in GLOCAL_CUDA_TOOLKIT, the folders of GLOCAL_CUDA_PATH, CUDA_HOME or /usr/local/cuda.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMain } from "./is-main.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NEEDED = ["cuda.h", "nvrtc.h", "cublas_v2.h", "cusolverDn.h", "crt/host_defines.h"];

/** @param {string} folder @returns {string[]} */
function below(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** A home of CUDA, or of a virtual environment with NVIDIA's wheels. @param {string} home */
function includeFolders(home) {
  const packages = below(join(home, "lib")).map((python) =>
    join(python, "site-packages", "nvidia"),
  );
  const homes = [home, dirname(home), ...[...packages, join(home, "nvidia")].flatMap(below)];
  return homes.map((folder) => join(folder, "include")).filter((folder) => existsSync(folder));
}

/** @param {NodeJS.ProcessEnv} env */
function homes(env) {
  const { GLOCAL_CUDA_TOOLKIT = "", GLOCAL_CUDA_PATH = "", CUDA_HOME = "" } = env;
  const named = [GLOCAL_CUDA_TOOLKIT, ...GLOCAL_CUDA_PATH.split(delimiter), CUDA_HOME];
  return [...named, "/usr/local/cuda"].filter((home) => home !== "");
}

/** @param {NodeJS.ProcessEnv} env @returns {{ folders: string[], missing: string[] }} */
export function headerFolders(env) {
  const folders = homes(env).flatMap(includeFolders);
  const missing = NEEDED.filter(
    (name) => !folders.some((folder) => existsSync(join(folder, name))),
  );
  return { folders, missing };
}

if (isMain(import.meta.url)) {
  const { folders, missing } = headerFolders(process.env);
  if (missing.length > 0) {
    console.log(`skipped: no ${missing.join(", ")}. Set GLOCAL_CUDA_TOOLKIT to a home of CUDA.`);
  } else {
    const args = [
      ...["-std=c++20", "-fsyntax-only", "-Wall", "-I", join(ROOT, "native")],
      ...folders.flatMap((folder) => ["-isystem", folder]),
      join(ROOT, "test", "cuda", "headers_check.cc"),
    ];
    const { status, error } = spawnSync(process.env["CXX"] ?? "c++", args, { stdio: "inherit" });
    if (error) console.error(error.message);
    if (status === 0) console.log(`native/cuda/api agrees with NVIDIA's headers`);
    process.exitCode = status ?? 1;
  }
}
