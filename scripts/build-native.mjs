/**
 * Builds the addon into build/Release/glocal.node with CMake. An install without a prebuilt binary, binding.gyp,
 * prebuildify and the development scripts all come through here.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hashOf } from "./hash.mjs";
import { isMain } from "./is-main.mjs";
import { findOpenBlas, findProgram } from "./native-tools.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} root */
export function addonPath(root) {
  return join(root, "build", "Release", "glocal.node");
}

/** @param {string} root */
function stampPath(root) {
  return join(root, "build", "native.stamp");
}

/** @param {string} root */
function sourcesHash(root) {
  return hashOf(
    root,
    ["native", "CMakeLists.txt"],
    [findOpenBlas(root) ?? "", process.env.CXX ?? ""],
  );
}

/**
 * Why the addon has to be built, or undefined when it is newer than all that it is made of.
 *
 * @param {string} root
 */
export function nativeBuildReason(root) {
  if (!existsSync(addonPath(root))) return "there is no build/Release/glocal.node yet";
  if (!existsSync(stampPath(root)))
    return "nothing tells which sources the present build came from";
  if (readFileSync(stampPath(root), "utf8") !== sourcesHash(root))
    return "its sources changed since the last build";
  return undefined;
}

/** The two header-only packages that an addon is compiled against; no header of Node itself is needed. */
function includeFolders(root) {
  const require = createRequire(join(root, "package.json"));
  const addonApi = dirname(require.resolve("node-addon-api/package.json"));
  return [require("node-api-headers").include_dir, addonApi];
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
    ...(findProgram("ninja") ? ["-G", "Ninja"] : []),
    "-DCMAKE_BUILD_TYPE=Release",
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${dirname(addonPath(root))}`,
    `-DCMAKE_JS_INC=${includeFolders(root).join(";")}`,
    ...(openblas ? [`-DGLOCAL_OPENBLAS_DIR=${openblas}`] : []),
  ]);
  run("cmake", [
    "--build",
    tree,
    "--config",
    "Release",
    "--parallel",
    String(availableParallelism()),
  ]);
  writeFileSync(stampPath(root), hash);
}

/** @param {string} command @param {string[]} args */
export function runVisibly(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
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
