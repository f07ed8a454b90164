/**
 * Installs the packed tarball as a stranger would: into an empty folder, with no compiler and no CMake on PATH, with
 * and without install scripts, and once more with a compiler and no binary that fits; each time it trains one window
 * from ES modules and from CommonJS and runs the command.
 */
import { cpSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findOpenBlas } from "./native-tools.mjs";
import { packedTarball } from "./pack.mjs";
import { strangersProject } from "./verify/stranger.mjs";

/** @typedef {import("./verify/stranger.mjs").Project} Project */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRAMS = join(ROOT, "test", "package");
const INSTALL_SCRIPT = "node_modules/glocal/scripts/install.mjs";

/** @param {number} start */
function secondsSince(start) {
  return ((performance.now() - start) / 1000).toFixed(2);
}

/** @param {Project} project */
function expectNothingBuilt(project) {
  if (existsSync(join(project.folder, "node_modules", "glocal", "build"))) {
    throw new Error(
      "Expected the prebuilt binary to be used but the install made a build/ folder.",
    );
  }
}

/** Loading the prebuilt binary is all that the script may do: it must not be felt. @param {Project} project */
function expectQuickInstallScript(project) {
  const start = performance.now();
  project.must("node", INSTALL_SCRIPT);
  const seconds = secondsSince(start);
  if (Number(seconds) > 1) {
    throw new Error(`Expected the install script to take under a second but it took ${seconds} s.`);
  }
  console.log(`  install script: ${seconds} s`);
}

/** Without a binary that fits, and with nothing to build one, the script has to fail and say what it wants. @param {Project} project */
function expectHelpfulFailure(project) {
  const prebuilds = join(project.folder, "node_modules", "glocal", "prebuilds");
  renameSync(prebuilds, `${prebuilds}.away`);
  const { status, output } = project.run("node", INSTALL_SCRIPT);
  renameSync(`${prebuilds}.away`, prebuilds);
  if (status !== 1 || !output.includes("apt-get install -y cmake g++ make")) {
    throw new Error(
      `Expected the install script to fail and to name the packages it wants, but it ended with ${status}:\n${output}`,
    );
  }
  console.log("  no binary and no tools: the install script fails and names what is missing");
}

/** @param {Project} project */
function tryInstalled(project) {
  cpSync(PROGRAMS, project.folder, { recursive: true });
  for (const program of ["train.mjs", "train.cjs"]) {
    console.log(`  ${project.must("node", program)}`);
  }
  const doctor = project.must("npx", "--no-install", "glocal", "doctor");
  console.log(`  glocal doctor: ${doctor.split("\n")[0]} …`);
}

/** @param {Project} project @param {string} tarball @param {string[]} flags */
function install(project, tarball, flags) {
  const start = performance.now();
  project.must("npm", "install", tarball, "--prefer-offline", "--no-audit", "--no-fund", ...flags);
  console.log(`npm install ${["glocal.tgz", ...flags].join(" ")}: ${secondsSince(start)} s`);
}

/** @param {string} tarball @param {string[]} flags */
function tryPrebuilt(tarball, flags) {
  const project = strangersProject();
  try {
    install(project, tarball, flags);
    expectNothingBuilt(project);
    expectQuickInstallScript(project);
    tryInstalled(project);
    expectHelpfulFailure(project);
  } finally {
    project.remove();
  }
}

/** What the package carries has to suffice for a build of its own. @param {string} tarball */
function tryBuilding(tarball) {
  const openblas = findOpenBlas(ROOT);
  if (!openblas) throw new Error("Expected a static OpenBLAS but found none. Run `npm run setup`.");
  const project = strangersProject({ PATH: process.env.PATH ?? "", GLOCAL_OPENBLAS_DIR: openblas });
  try {
    install(project, tarball, ["--ignore-scripts"]);
    rmSync(join(project.folder, "node_modules", "glocal", "prebuilds"), { recursive: true });
    const start = performance.now();
    project.must("node", INSTALL_SCRIPT);
    console.log(`  no binary, but a compiler: built one in ${secondsSince(start)} s`);
    tryInstalled(project);
  } finally {
    project.remove();
  }
}

const tarball = resolve(process.argv[2] ?? packedTarball(ROOT));
try {
  tryPrebuilt(tarball, []);
  tryPrebuilt(tarball, ["--ignore-scripts"]);
  tryBuilding(tarball);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
