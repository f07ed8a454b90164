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

/** @param {string} root @returns {import("./setup/provide.mjs").Want} */
function openBlas(root) {
  return {
    title: "A static OpenBLAS",
    packages: ["libopenblas-dev"],
    unpack: { packages: ["libopenblas-pthread-dev"], into: join(root, ".cache", "openblas") },
    present: () => findOpenBlas(root) !== undefined,
  };
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    throw new Error(
      `Expected Node 20 or newer but this is Node ${process.versions.node}. Install a newer one.`,
    );
  }
}

/** @param {string} root */
export function setUp(root = ROOT) {
  checkNode();
  console.log("Setting up");
  step("npm packages", dependenciesReason(root), () =>
    runOrThrow("npm", ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], {
      cwd: root,
    }),
  );
  const machine = thisMachine();
  const missing = missingBuildTools();
  const names = missing.map((tool) => tool.what).join(", ");
  step(
    "build tools",
    missing.length > 0 ? `the addon is C++ and this is missing: ${names}` : undefined,
    () =>
      provide(
        {
          title: names,
          packages: missing.map((tool) => tool.debian),
          present: () => missingBuildTools().length === 0,
        },
        machine,
      ),
  );
  const chosen = process.env.GLOCAL_OPENBLAS_DIR;
  if (chosen && !findOpenBlas(root)) {
    throw new Error(
      `Expected libopenblas.a in GLOCAL_OPENBLAS_DIR (${chosen}) but it is not there. Correct the variable or unset it.`,
    );
  }
  const blas = openBlas(root);
  step(
    "OpenBLAS",
    blas.present() ? undefined : "the addon links it statically and there is none",
    () => provide(blas, machine),
  );
  step("native addon", nativeBuildReason(root), () => buildNative(root, runOrThrow));
  step("dist", distBuildReason(root), () => buildDist(root, runOrThrow));
}

/** Runs what a command of this folder does, and ends it with a plain message when the machine cannot do it. @param {() => void} work */
export function orExplain(work) {
  try {
    work();
  } catch (error) {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

if (isMain(import.meta.url)) orExplain(() => setUp());
