/**
 * Builds the addon into build/Release/glocal.node with CMake. An install without a prebuilt binary, binding.gyp,
 * prebuildify and the development scripts all come through here.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashOf } from "./hash.mjs";
import { isMain } from "./is-main.mjs";
import { findOpenBlas, findProgram } from "./native-tools.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} root */
function stampPath(root) {
  return join(root, "build", "native.stamp");
}

/** @param {string} root */
function sourcesHash(root) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const settings = [version, findOpenBlas(root) ?? "", process.env.CXX ?? ""];
  return hashOf(root, ["native", "CMakeLists.txt"], settings);
}

/**
 * Why the addon has to be built, or undefined when it is what its present sources make.
 *
 * @param {string} root
 */
export function nativeBuildReason(root) {
  if (!existsSync(join(root, "build", "Release", "glocal.node"))) {
    return "there is no build/Release/glocal.node yet";
  }
  if (!existsSync(stampPath(root))) {
    return "nothing tells which sources the present build came from";
  }
  return readFileSync(stampPath(root), "utf8") === sourcesHash(root)
    ? undefined
    : "its sources changed since the last build";
}

/**
 * @param {string} root
 * @param {(command: string, args: string[]) => void} run runs a command and throws when it fails
 */
export function buildNative(root, run) {
  const hash = sourcesHash(root);
  const tree = join(root, "build", "cmake");
  mkdirSync(tree, { recursive: true });
  const openblas = findOpenBlas(root);
  run("cmake", [
    ...["-S", root, "-B", tree],
    // A tree keeps the generator that it was made with.
    ...(findProgram("ninja") && !existsSync(join(tree, "Makefile")) ? ["-G", "Ninja"] : []),
    "-DCMAKE_BUILD_TYPE=Release",
    // Forget the archive of an earlier build: it may be gone, or no longer the one that is meant.
    ...["-U", "OPENBLAS_ARCHIVE"],
    ...(openblas ? [`-DGLOCAL_OPENBLAS_DIR=${openblas}`] : []),
  ]);
  run("cmake", ["--build", tree, "--parallel", String(availableParallelism())]);
  writeFileSync(stampPath(root), hash);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string }} [options]
 */
export function runVisibly(command, args, { cwd } = {}) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", cwd });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with exit code ${status}`);
}

if (isMain(import.meta.url)) {
  try {
    buildNative(ROOT, runVisibly);
  } catch (error) {
    console.error(`glocal: the native build failed: ${error.message}`);
    process.exitCode = 1;
  }
}
