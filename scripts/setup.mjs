/** Makes a fresh clone ready: dependencies, system packages, the addon, the bundle. Plain Node, since nothing is there yet. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist, distBuildReason } from "./build-dist.mjs";
import { buildNative, nativeBuildReason } from "./build-native.mjs";
import { isMain } from "./is-main.mjs";
import { findOpenBlas, findProgram, missingBuildTools } from "./native-tools.mjs";
import { dependenciesReason } from "./setup/dependencies.mjs";
import { provide } from "./setup/provide.mjs";
import { run, runOrThrow } from "./setup/shell.mjs";
import { step } from "./setup/steps.mjs";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @returns {import("./setup/provide.mjs").Machine} */
export function thisMachine() {
  return {
    root: process.getuid?.() === 0,
    has: (program) => findProgram(program) !== undefined,
    run,
  };
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 20) return;
  throw new Error(
    `Expected Node 20 or newer but this is Node ${process.versions.node}. Install a newer one.`,
  );
}

/** @param {string} root */
function provideDependencies(root) {
  const flags = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  step("npm packages", dependenciesReason(root), () =>
    runOrThrow("npm", ["ci", ...flags], { cwd: root }),
  );
}

/** @param {import("./setup/provide.mjs").Machine} machine */
function provideBuildTools(machine) {
  const missing = missingBuildTools();
  const title = missing.map((tool) => tool.what).join(", ");
  const want = {
    title,
    packages: missing.map((tool) => tool.debian),
    present: () => missingBuildTools().length === 0,
  };
  const reason = `the addon is C++ and this is missing: ${title}`;
  step("build tools", want.present() ? undefined : reason, () => provide(want, machine));
}

/** @param {string} root @param {import("./setup/provide.mjs").Machine} machine */
function provideOpenBlas(root, machine) {
  const want = {
    title: "A static OpenBLAS",
    packages: ["libopenblas-dev"],
    unpack: { packages: ["libopenblas-pthread-dev"], into: join(root, ".cache", "openblas") },
    present: () => findOpenBlas(root) !== undefined,
  };
  const chosen = process.env.GLOCAL_OPENBLAS_DIR;
  if (chosen && !want.present()) {
    throw new Error(
      `Expected libopenblas.a in GLOCAL_OPENBLAS_DIR (${chosen}) but it is not there. Correct the variable or unset it.`,
    );
  }
  const reason = "the addon links it statically and there is none";
  step("OpenBLAS", want.present() ? undefined : reason, () => provide(want, machine));
}

/** All that the builds need. @param {string} root */
export function provideAll(root) {
  checkNode();
  const machine = thisMachine();
  provideDependencies(root);
  provideBuildTools(machine);
  provideOpenBlas(root, machine);
}

/** @param {string} root */
export function makeAddon(root) {
  step("native addon", nativeBuildReason(root), () => buildNative(root, runOrThrow));
}

/** @param {string} root */
export function makeDist(root) {
  step("dist", distBuildReason(root), () => buildDist(root, runOrThrow));
}

/** @param {string} root */
export function setUp(root) {
  console.log("Setting up");
  provideAll(root);
  makeAddon(root);
  makeDist(root);
}

/**
 * Ends a command with a plain message when the machine cannot do it.
 *
 * @param {() => void} work
 */
export function orExplain(work) {
  try {
    work();
  } catch (error) {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

if (isMain(import.meta.url)) orExplain(() => setUp(ROOT));
