/**
 * Checks the format of the C++ sources, or with --write mends it. clang-format comes from npm, so that one version
 * decides on every machine.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRAM = join(ROOT, "node_modules/clang-format/bin/linux_x64/clang-format");

/** @param {string} folder @returns {string[]} */
function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesBelow(path);
    return /\.(c|cc|cu|h|cuh)$/.test(entry.name) ? [path] : [];
  });
}

if (process.platform === "linux" && process.arch === "x64" && existsSync(PROGRAM)) {
  const mode = process.argv.includes("--write") ? ["-i"] : ["--dry-run", "-Werror"];
  const files = ["native", "test/cuda"].flatMap((folder) => sourcesBelow(join(ROOT, folder)));
  const { status } = spawnSync(PROGRAM, ["--style=file", ...mode, ...files], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} else {
  const here = `${process.platform}-${process.arch}`;
  console.error(`Expected clang-format from npm, which has it for linux-x64, but this is ${here}.`);
  console.error(
    "Run `npm install`, or check the format of the C++ sources on a linux-x64 machine.",
  );
  process.exitCode = 1;
}
