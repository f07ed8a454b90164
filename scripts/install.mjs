/**
 * npm's install script: use the addon that is there, else build it, else say exactly what is missing. It needs nothing
 * but Node and this package's own dependencies, and does nothing that the package could not do without when a
 * prebuilt binary is present.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildNative, runVisibly } from "./build-native.mjs";
import { isMain } from "./is-main.mjs";
import { missingForBuild } from "./native-tools.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Whatever hinders the addon from loading, or undefined when it loads. A process of its own tries, because a
 * library once loaded could not be replaced by the one that a build then makes.
 *
 * @param {string} root
 */
function loadFailure(root) {
  const code = `require(${JSON.stringify(createRequire(join(root, "package.json")).resolve("node-gyp-build"))})(${JSON.stringify(root)})`;
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", code], {
    encoding: "utf8",
  });
  if (status === 0) return undefined;
  return (
    /Error: (.*)/.exec(stderr)?.[1] ?? `loading it ended with ${signal ?? `exit code ${status}`}`
  );
}

/**
 * @param {string} failure why no present binary loads
 * @param {import("./native-tools.mjs").MissingTool[]} missing
 * @param {{ platform: string, arch: string, checkout: boolean }} where
 */
export function missingMessage(failure, missing, where) {
  const names = missing.map((tool) => tool.what).join(", ");
  const packages = missing.map((tool) => tool.debian).join(" ");
  const remedy = where.checkout
    ? "npm run setup"
    : `sudo apt-get install -y ${packages} && npm rebuild glocal`;
  return [
    `glocal: no binary for ${where.platform}-${where.arch} could be loaded (${failure}),`,
    `and building one here needs what was not found: ${names}.`,
    "On Debian or Ubuntu this mends it:",
    `  ${remedy}`,
  ].join("\n");
}

function main() {
  const failure = loadFailure(ROOT);
  if (failure === undefined) return;
  const missing = missingForBuild(ROOT);
  if (missing.length > 0) {
    const checkout = existsSync(join(ROOT, "lib"));
    console.error(
      missingMessage(failure, missing, {
        platform: process.platform,
        arch: process.arch,
        checkout,
      }),
    );
    process.exitCode = 1;
    return;
  }
  console.log(`glocal: building the native addon, because no binary could be loaded (${failure})`);
  try {
    buildNative(ROOT, runVisibly);
  } catch (error) {
    console.error(`glocal: the native build failed (${error.message}); its output above says why`);
    process.exitCode = 1;
    return;
  }
  const stillFailing = loadFailure(ROOT);
  if (stillFailing !== undefined) {
    console.error(`glocal: the addon was built but cannot be loaded: ${stillFailing}`);
    process.exitCode = 1;
  }
}

if (isMain(import.meta.url)) main();
