/** Which test files can use a GPU: those that open their device through test/cuda/device.ts. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const IMPORT = /^(?:import|export|\})[^"\n]*"(\.[^"]+)"/gm;

/** @param {string} file @returns {string[]} files that it imports by a relative path */
function importsOf(file) {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(IMPORT)]
    .map(([, path]) => resolve(dirname(file), /** @type {string} */ (path)))
    .map((path) => (existsSync(path) ? path : path.replace(/\.js$/, ".ts")))
    .filter((path) => existsSync(path));
}

/**
 * @param {string} root of the project
 * @returns {string[]} paths from there, sorted
 */
export function gpuTestFiles(root) {
  const folder = join(root, "test");
  const opener = join(folder, "cuda", "device.ts");
  /** @type {Map<string, boolean>} */
  const known = new Map([[opener, true]]);
  /** @param {string} file @returns {boolean} */
  const reaches = (file) => {
    const answer = known.get(file);
    if (answer !== undefined) return answer;
    // Modules may import each other in circles.
    known.set(file, false);
    const found = file.startsWith(folder) && importsOf(file).some(reaches);
    known.set(file, found);
    return found;
  };
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.test\.(ts|mjs)$/.test(name))
    .map((name) => join(folder, name))
    .filter(reaches)
    .map((file) => relative(root, file))
    .sort();
}
