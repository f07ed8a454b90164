/**
 * Installs the packed tarball as a stranger would: into an empty folder, with no compiler and no CMake on PATH, with
 * and without install scripts; then trains one window from ES modules and from CommonJS and runs the command.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "./native-tools.mjs";
import { packedTarball } from "./pack.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRAMS = join(ROOT, "test", "package");

/** A PATH with Node, npm and the shell that npm runs scripts with, and nothing else. */
function barePath(folder) {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  for (const name of ["npm", "npx", "sh"]) {
    const path = findProgram(name);
    if (!path) throw new Error(`Expected ${name} on PATH but it is not there.`);
    symlinkSync(realpathSync(path), join(bin, name));
  }
  return bin;
}

/** The present environment without what an enclosing npm put in, apart from where it finds its settings. */
function bareEnv(path) {
  const kept = ["npm_config_cache", "npm_config_registry", "npm_config_userconfig"];
  const entries = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$|CXX$|GLOCAL_)/.test(name) || kept.includes(name),
  );
  return { ...Object.fromEntries(entries), PATH: path };
}

/** A folder to install into, and a way to run programs there. */
function emptyProject() {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "glocal-package-")));
  const folder = join(base, "project");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true }\n');
  const env = bareEnv(barePath(base));
  const run = (command, ...args) => {
    const { status, stdout, stderr, error } = spawnSync(join(env.PATH, command), args, {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    return {
      status: error ? 127 : status,
      output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`,
    };
  };
  const must = (command, ...args) => {
    const { status, output } = run(command, ...args);
    if (status !== 0)
      throw new Error(
        `\`${command} ${args.join(" ")}\` ended with exit code ${status}:\n${output}`,
      );
    return output.trim();
  };
  return { folder, run, must, remove: () => rmSync(base, { recursive: true, force: true }) };
}

function expectNothingBuilt(project) {
  const build = join(project.folder, "node_modules", "glocal", "build");
  if (existsSync(build))
    throw new Error(
      "Expected the prebuilt binary to be used but the install made a build/ folder.",
    );
}

/** Loading the prebuilt binary is all that the script may do: it must not be felt. */
function expectQuickInstallScript(project) {
  const start = performance.now();
  project.must("node", "node_modules/glocal/scripts/install.mjs");
  const seconds = (performance.now() - start) / 1000;
  if (seconds > 1)
    throw new Error(
      `Expected the install script to take under a second but it took ${seconds.toFixed(2)} s.`,
    );
  console.log(`  install script: ${seconds.toFixed(2)} s`);
}

/** Without a binary that fits, and with nothing to build one, the install has to fail and say what it wants. */
function expectHelpfulFailure(project) {
  const prebuilds = join(project.folder, "node_modules", "glocal", "prebuilds");
  renameSync(prebuilds, `${prebuilds}.away`);
  const { status, output } = project.run("node", "node_modules/glocal/scripts/install.mjs");
  renameSync(`${prebuilds}.away`, prebuilds);
  if (status === 0 || !/apt-get install -y cmake g\+\+ make/.test(output)) {
    throw new Error(
      `Expected the install script to fail and name the packages it wants, but it ended with ${status}:\n${output}`,
    );
  }
  console.log("  without binary and tools: the install script fails and names what is missing");
}

function tryInstalled(project) {
  cpSync(PROGRAMS, project.folder, { recursive: true });
  for (const program of ["train.mjs", "train.cjs"])
    console.log(`  ${project.must("node", program)}`);
  const doctor = project.must("npx", "--no-install", "glocal", "doctor");
  console.log(`  glocal doctor: ${doctor.split("\n").length} lines`);
}

function install(tarball, flags) {
  const project = emptyProject();
  try {
    const start = performance.now();
    project.must(
      "npm",
      "install",
      tarball,
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      ...flags,
    );
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`npm install ${["glocal.tgz", ...flags].join(" ")}: ${seconds} s`);
    expectNothingBuilt(project);
    expectQuickInstallScript(project);
    tryInstalled(project);
    expectHelpfulFailure(project);
  } finally {
    project.remove();
  }
}

const tarball = resolve(process.argv[2] ?? packedTarball(ROOT));
install(tarball, []);
install(tarball, ["--ignore-scripts"]);
