/**
 * Comes by a Debian package: with apt-get as root or through passwordless sudo, else by unpacking it into a folder
 * of the project, which needs no rights; else it says the one command that is needed.
 */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Want
 * @property {string} title what it is, for people
 * @property {string[]} packages what to install
 * @property {{ packages: string[], into: string }} [unpack] what to unpack instead, and the folder for it; absent
 *   for what does not work from a folder
 * @property {() => boolean} present
 */

/**
 * The machine, as far as this decision needs it.
 *
 * @typedef {object} Machine
 * @property {boolean} root
 * @property {(program: string) => boolean} has whether a program is on PATH
 * @property {import("./shell.mjs").Run} run
 */

/** @typedef {"present" | "installed" | "installed with sudo" | "unpacked without root"} Way */

/** Nothing that may be done here brings the package; `command` does. */
export class NotProvided extends Error {
  /** @param {Want} want @param {string} command @param {string[]} failures */
  constructor(want, command, failures) {
    const tried = failures.map((failure) => `\n  tried ${failure}`).join("");
    super(
      `${want.title} is missing and could not be installed from here.${tried}\nInstall it:  ${command}`,
    );
  }
}

/** @param {string} output */
function lastLine(output) {
  return output.trim().split("\n").at(-1) ?? "";
}

/**
 * A fresh machine has no package lists, and an old one lists what is no longer served: update only then.
 *
 * @param {string[]} packages
 * @param {(args: string[]) => import("./shell.mjs").Outcome} env runs the program `env` with the needed rights
 */
function install(packages, env) {
  const apt = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
  const command = [...apt, "install", "-y", "--no-install-recommends", ...packages];
  if (env(command).code === 0) return undefined;
  env([...apt, "update"]);
  const { code, output } = env(command);
  return code === 0 ? undefined : lastLine(output);
}

/**
 * @param {{ packages: string[], into: string }} unpack
 * @param {Machine} machine
 */
function unpackWithoutRoot({ packages, into }, machine) {
  const downloads = `${into}.part`;
  const files = join(downloads, "files");
  rmSync(downloads, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  mkdirSync(join(downloads, "lists", "partial"), { recursive: true });
  try {
    /** @param {string[]} options */
    const download = (options) =>
      machine.run("apt-get", ["-q", ...options, "download", ...packages], { cwd: downloads });
    let outcome = download([]);
    if (outcome.code !== 0) {
      // Package lists of our own, since the system's may be empty and are not ours to update.
      const own = [
        "-o",
        `Dir::State::lists=${join(downloads, "lists")}`,
        "-o",
        `Dir::Cache=${downloads}`,
      ];
      // Its exit code tells little: hooks of the system may fail for want of rights after a good update.
      machine.run("apt-get", ["-q", ...own, "update"], { cwd: downloads });
      outcome = download(own);
    }
    if (outcome.code !== 0) return lastLine(outcome.output);
    for (const deb of readdirSync(downloads).filter((name) => name.endsWith(".deb"))) {
      const { code, output } = machine.run("dpkg-deb", ["-x", join(downloads, deb), files]);
      if (code !== 0) return lastLine(output);
    }
    rmSync(into, { recursive: true, force: true });
    renameSync(files, into);
    return undefined;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

/**
 * The ways that are open on this machine, best first. Each tries, and says what went wrong.
 *
 * @param {Want} want
 * @param {Machine} machine
 */
function openWays(want, machine) {
  /** @type {{ way: Way, attempt: () => string | undefined }[]} */
  const ways = [];
  if (!machine.has("apt-get")) return ways;
  const { packages, unpack } = want;
  if (machine.root) {
    const attempt = () => install(packages, (args) => machine.run("env", args));
    ways.push({ way: "installed", attempt });
  } else if (machine.has("sudo") && machine.run("sudo", ["-n", "true"]).code === 0) {
    const attempt = () => install(packages, (args) => machine.run("sudo", ["-n", "env", ...args]));
    ways.push({ way: "installed with sudo", attempt });
  }
  if (unpack && machine.has("dpkg-deb")) {
    ways.push({ way: "unpacked without root", attempt: () => unpackWithoutRoot(unpack, machine) });
  }
  return ways;
}

/**
 * @param {Want} want
 * @param {Machine} machine
 * @returns {Way}
 */
export function provide(want, machine) {
  if (want.present()) return "present";
  const failures = [];
  for (const { way, attempt } of openWays(want, machine)) {
    const failure = attempt();
    if (failure === undefined && want.present()) return way;
    failures.push(`${way}: ${failure ?? "it is not where it was expected afterwards"}`);
  }
  const sudo = machine.root ? "" : "sudo ";
  throw new NotProvided(want, `${sudo}apt-get install -y ${want.packages.join(" ")}`, failures);
}
