/** Whether node_modules is what package-lock.json says. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} Packages */

/**
 * Compares the lock file with the record that npm leaves in node_modules. Packages for other platforms are absent
 * there by right.
 *
 * @param {Packages} locked
 * @param {Packages} installed
 */
export function firstDifference(locked, installed) {
  for (const [path, { version, optional }] of Object.entries(locked)) {
    if (path === "") continue;
    const present = installed[path]?.version;
    if (present === version || (present === undefined && optional)) continue;
    return `${path.replace(/^node_modules\//, "")} should be ${version} and is ${present ?? "absent"}`;
  }
  return undefined;
}

/** @param {string} file @returns {Packages} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** @param {string} root */
export function dependenciesReason(root) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return "there is no node_modules yet";
  return firstDifference(packagesOf(join(root, "package-lock.json")), packagesOf(record));
}
