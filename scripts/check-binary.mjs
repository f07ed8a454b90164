/**
 * Holds a finished addon against the promise that it needs libc, libm and the dynamic loader only, and shows the
 * world nothing but its Node-API entry points.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isMain } from "./is-main.mjs";

/** @typedef {{ needed: string[], wanted: string[], exported: string[] }} Facts */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Since glibc 2.34 the last two are part of libc; older toolchains still name them. */
const C_LIBRARY =
  /^(libc\.so\.6|libm\.so\.6|ld-linux[\w-]*\.so\.\d+|libpthread\.so\.0|libdl\.so\.2)$/;
const NODE_API = /^(napi_|node_api_)/;
/** The linker marks what it found in the C library with the version it found there. */
const VERSION_OF_C_LIBRARY = /@GLIBC_[\d.]+$/;

/** @param {string} readelf what `readelf -d` printed */
export function neededLibraries(readelf) {
  return [...readelf.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => String(match[1]));
}

/**
 * Names with their versions, without weak ones, which may stay absent.
 *
 * @param {string} nm what `nm -D` printed
 */
export function symbols(nm) {
  return [...nm.matchAll(/ ([A-Za-z]) (\S+)$/gm)]
    .filter(([, kind]) => kind !== "w" && kind !== "v")
    .map(([, , name]) => String(name));
}

/**
 * @param {Facts} facts
 * @returns {string[]} what breaks the promise
 */
export function complaints({ needed, wanted, exported }) {
  return [
    ...needed.filter((name) => !C_LIBRARY.test(name)).map((name) => `it needs ${name}`),
    ...wanted
      .filter((name) => !NODE_API.test(name) && !VERSION_OF_C_LIBRARY.test(name))
      .map((name) => `${name} is not inside, and neither Node nor the C library has it`),
    ...exported
      .filter((name) => !NODE_API.test(name))
      .map((name) => `it exports ${name}, which could clash with another library's`),
  ];
}

/** @param {string[]} wanted the oldest C library that has them all */
export function oldestGlibc(wanted) {
  const versions = wanted.flatMap((name) => /@GLIBC_([\d.]+)$/.exec(name)?.[1] ?? []);
  return versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}

/** @param {string} command @param {string[]} args */
function outputOf(command, args) {
  const options = { encoding: /** @type {const} */ ("utf8"), maxBuffer: 1 << 26 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** @param {string} file @returns {Facts} */
function factsOf(file) {
  return {
    needed: neededLibraries(outputOf("readelf", ["-d", file])),
    wanted: symbols(outputOf("nm", ["-D", "--undefined-only", file])),
    exported: symbols(outputOf("nm", ["-D", "--defined-only", file])),
  };
}

function prebuilt() {
  const folder = join(ROOT, "prebuilds");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".node"))
    .map((name) => join(folder, name));
}

/** @param {string[]} files */
function check(files) {
  if (files.length === 0) {
    throw new Error(
      "Expected a binary in prebuilds/ but found none. Run `npm run prebuild` first.",
    );
  }
  for (const file of files) {
    const name = relative(ROOT, file);
    const facts = factsOf(file);
    const found = complaints(facts);
    if (found.length > 0)
      throw new Error(found.map((complaint) => `${name}: ${complaint}`).join("\n"));
    const glibc = oldestGlibc(facts.wanted);
    console.log(`${name}: needs ${facts.needed.join(", ")} (glibc ${glibc} or newer);`);
    console.log(`  exports ${facts.exported.join(", ")}`);
  }
}

if (isMain(import.meta.url)) {
  try {
    check(process.argv.length > 2 ? process.argv.slice(2) : prebuilt());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
