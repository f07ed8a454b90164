/** Packs what would be published, and prints the tarball's path. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMain } from "./is-main.mjs";

/** @param {string} root @returns {string} the tarball */
export function packedTarball(root) {
  const folder = join(root, ".cache", "package");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { status, stdout, stderr } = spawnSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`npm pack ended with exit code ${status}:\n${stderr}`);
  const [{ filename }] = JSON.parse(stdout);
  return join(folder, filename);
}

if (isMain(import.meta.url)) {
  const tarball = packedTarball(dirname(dirname(fileURLToPath(import.meta.url))));
  console.log(`${tarball} (${(statSync(tarball).size / 1e6).toFixed(1)} MB)`);
}
