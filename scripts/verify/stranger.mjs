/** A stranger's machine, as far as a folder can be one: an empty project, and by default only Node and npm on PATH. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../native-tools.mjs";

/**
 * @typedef {object} Project
 * @property {string} folder
 * @property {(command: string, ...args: string[]) => { status: number | null, output: string }} run
 * @property {(command: string, ...args: string[]) => string} must runs a command, throws when it fails
 * @property {() => void} remove
 */

/** A PATH with Node, npm and the shell that npm runs scripts with. @param {string} folder */
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

/** The present environment without what an enclosing npm or a developer put in; npm still finds its settings. @param {string} path */
function bareEnv(path) {
  const settings = ["npm_config_cache", "npm_config_registry", "npm_config_userconfig"];
  const foreign = /^(npm_|NODE_OPTIONS$|NODE_PATH$|INIT_CWD$|CXX$|GLOCAL_)/;
  const kept = Object.entries(process.env).filter(
    ([name]) => !foreign.test(name) || settings.includes(name),
  );
  return { ...Object.fromEntries(kept), PATH: path };
}

/**
 * @param {Record<string, string>} [developer] what a stranger who can compile has besides: variables, among them a PATH
 * @returns {Project}
 */
export function strangersProject(developer = {}) {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "glocal-package-")));
  const folder = join(base, "project");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "stranger", "private": true }\n');
  const bin = barePath(base);
  const env = { ...bareEnv(bin), ...developer };
  /** @type {Project["run"]} */
  const run = (command, ...args) => {
    const options = { cwd: folder, env, encoding: /** @type {const} */ ("utf8") };
    const { status, stdout, stderr, error } = spawnSync(join(bin, command), args, options);
    return { status, output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}` };
  };
  return {
    folder,
    run,
    must: (command, ...args) => {
      const { status, output } = run(command, ...args);
      if (status === 0) return output.trim();
      throw new Error(
        `\`${command} ${args.join(" ")}\` ended with exit code ${status}:\n${output}`,
      );
    },
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
