/** Finds what a build of the addon needs, and says which Debian packages hold what is missing. */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { machine } from "node:os";
import { delimiter, join } from "node:path";

/** @typedef {{ what: string, debian: string }} MissingTool */

/**
 * The full path of a program on PATH.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
export function findProgram(name, env = process.env) {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder || ".", name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** @param {string} folder @returns {string[]} the folder and all below it */
function allFolders(folder) {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap((entry) => allFolders(join(folder, entry.name)))];
}

/** Debian keeps a folder for each architecture; of OpenBLAS's variants in it only these two need no OpenMP runtime. */
function systemFolders() {
  const multiarch = `/usr/lib/${machine()}-linux-gnu`;
  return [
    join(multiarch, "openblas-pthread"),
    join(multiarch, "openblas-serial"),
    multiarch,
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/opt/OpenBLAS/lib",
  ];
}

/**
 * The folder of a static OpenBLAS: the user's choice, the system's, or the one unpacked into the project's cache.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function findOpenBlas(root, env = process.env) {
  const chosen = env.GLOCAL_OPENBLAS_DIR;
  const places = chosen
    ? [chosen, join(chosen, "lib")]
    : [...systemFolders(), ...allFolders(join(root, ".cache", "openblas"))];
  return places.find((folder) => existsSync(join(folder, "libopenblas.a")));
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {MissingTool[]}
 */
export function missingBuildTools(env = process.env) {
  const missing = [];
  if (!findProgram("cmake", env)) missing.push({ what: "CMake", debian: "cmake" });
  if (!env.CXX && !["c++", "g++", "clang++"].some((name) => findProgram(name, env))) {
    missing.push({ what: "a C++20 compiler", debian: "g++" });
  }
  if (!["make", "ninja"].some((name) => findProgram(name, env))) {
    missing.push({ what: "make or ninja", debian: "make" });
  }
  return missing;
}

/**
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {MissingTool[]}
 */
export function missingForBuild(root, env = process.env) {
  const missing = missingBuildTools(env);
  if (!findOpenBlas(root, env))
    missing.push({ what: "a static OpenBLAS (libopenblas.a)", debian: "libopenblas-dev" });
  return missing;
}
