/** Bundles lib/ into dist/: ES modules, CommonJS and the types of both. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runVisibly } from "./build-native.mjs";
import { hashOf } from "./hash.mjs";
import { isMain } from "./is-main.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} root */
function stampPath(root) {
  return join(root, ".cache", "dist.stamp");
}

/** @param {string} root */
function sourcesHash(root) {
  return hashOf(root, ["lib", "tsup.config.ts", "tsconfig.json", "package.json"]);
}

/** @param {string} root */
export function distBuildReason(root) {
  if (!existsSync(join(root, "dist", "index.js"))) return "there is no dist/ yet";
  if (!existsSync(stampPath(root)))
    return "nothing tells which sources the present dist/ came from";
  if (readFileSync(stampPath(root), "utf8") !== sourcesHash(root))
    return "lib/ changed since the last build";
  return undefined;
}

/**
 * @param {string} root
 * @param {(command: string, args: string[], options: { cwd: string }) => void} run runs a command and throws when it fails
 */
export function buildDist(root, run) {
  const hash = sourcesHash(root);
  rmSync(stampPath(root), { force: true });
  rmSync(join(root, "dist"), { recursive: true, force: true });
  run(
    process.execPath,
    [join(root, "node_modules", "tsup", "dist", "cli-default.js"), "--silent"],
    { cwd: root },
  );
  mkdirSync(dirname(stampPath(root)), { recursive: true });
  writeFileSync(stampPath(root), hash);
}

if (isMain(import.meta.url)) {
  try {
    buildDist(ROOT, runVisibly);
  } catch (error) {
    console.error(`glocal: the bundle failed: ${error.message}`);
    process.exitCode = 1;
  }
}
