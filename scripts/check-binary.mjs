/**
 * Holds a finished addon against the promise that it needs libc, libm and the dynamic loader only, and shows the
 * world nothing but its Node-API entry points.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { isMain } from "./is-main.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Since glibc 2.34 the last two are part of libc; older toolchains still name them. */
const ALLOWED_LIBRARIES =
  /^(libc\.so\.6|libm\.so\.6|ld-linux[\w-]*\.so\.\d+|libpthread\.so\.0|libdl\.so\.2)$/;
const ALLOWED_EXPORTS = /^(napi_|node_api_)/;
/** OpenBLAS, LAPACK, Fortran and C++ runtimes: all have to be inside. */
const FOREIGN =
  /^(_gfortran|openblas|goto_|cblas_|LAPACKE?_|GOMP_|_ZSt|_ZNSt|_ZNKSt|__cxa_(?!finalize|atexit|thread_atexit_impl)|__gxx_)|^[sdcz](gemm|gesdd|gesvd|geev|gelsd)_$/;

/** @param {string} readelf what `readelf -d` printed */
export function neededLibraries(readelf) {
  return [...readelf.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => String(match[1]));
}

/** @param {string} nm what `nm -D` printed @returns {string[]} names without their versions */
export function symbolNames(nm) {
  return nm
    .split("\n")
    .map((line) => (line.trim().split(/\s+/).at(-1) ?? "").replace(/@.*/, ""))
    .filter((name) => name !== "");
}

/**
 * @param {{ needed: string[], undefinedSymbols: string[], exported: string[] }} facts
 * @returns {string[]} what breaks the promise
 */
export function complaints({ needed, undefinedSymbols, exported }) {
  return [
    ...needed.filter((name) => !ALLOWED_LIBRARIES.test(name)).map((name) => `it needs ${name}`),
    ...undefinedSymbols
      .filter((name) => FOREIGN.test(name))
      .map((name) => `${name} is not inside and would have to come from a library`),
    ...exported
      .filter((name) => !ALLOWED_EXPORTS.test(name))
      .map((name) => `it exports ${name}, which could clash with another library's`),
  ];
}

/** @param {string} command @param {string[]} args */
function outputOf(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** @param {string} file */
function factsOf(file) {
  return {
    needed: neededLibraries(outputOf("readelf", ["-d", file])),
    undefinedSymbols: symbolNames(outputOf("nm", ["-D", "--undefined-only", file])),
    exported: symbolNames(outputOf("nm", ["-D", "--defined-only", file])),
  };
}

function prebuilt() {
  const folder = join(ROOT, "prebuilds");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".node"))
    .map((name) => join(folder, name));
}

function main() {
  const files = process.argv.length > 2 ? process.argv.slice(2) : prebuilt();
  if (files.length === 0)
    throw new Error("Expected a binary in prebuilds/ but found none: run `npm run prebuild`.");
  for (const file of files) {
    const facts = factsOf(file);
    const found = complaints(facts);
    for (const complaint of found) console.error(`${relative(ROOT, file)}: ${complaint}`);
    if (found.length > 0) process.exitCode = 1;
    else
      console.log(
        `${relative(ROOT, file)}: needs ${facts.needed.join(", ")}; exports ${facts.exported.join(", ")}`,
      );
  }
}

if (isMain(import.meta.url)) main();
