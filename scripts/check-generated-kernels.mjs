/**
 * Compiles every CUDA text that the tests generated and ran on the mock, to machine code for all chips by NVRTC, which
 * takes no GPU. Prints how many registers and spilled bytes the kernels take, and the hungriest ones. Fails where one
 * does not compile or spills more than it may; says so and passes where there is no NVRTC, or no test has run.
 *
 * Run with `npm run check:generated-kernels`, after the tests.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHIPS, nvrtcCompiler } from "./cuda/compilers.mjs";
import { MOST_SPILLED_BYTES } from "./cuda/limits.mjs";
import { isMain } from "./is-main.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where the mock keeps what it compiled. */
const FOLDER = join(ROOT, "build/mock-cuda/modules");
const HUNGRIEST = 12;

/** How lib/lower/cuda names kernels. Fixed kernels, and those that tests write by hand, have other names. */
const GENERATED = /\bkernel_\d+\(/;

function generatedTexts() {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".cu"))
    .map((name) => join(FOLDER, name))
    .filter((path) => GENERATED.test(readFileSync(path, "utf8")));
}

/** @typedef {import("./cuda/compilers.mjs").Compiled} Compiled */

/** @param {Compiled[]} compiled */
function usageOf(compiled) {
  return compiled.flatMap(({ text, chip, usage }) =>
    usage.map((kernel) => ({ ...kernel, chip, text: basename(text) })),
  );
}

/** @param {ReturnType<typeof usageOf>} kernels */
function print(kernels) {
  for (const chip of CHIPS) {
    const own = kernels.filter((kernel) => kernel.chip === chip);
    const spilling = own.filter(({ spilled }) => spilled > 0);
    const registers = own.map((kernel) => kernel.registers).sort((a, b) => a - b);
    console.log(
      `sm_${chip}: ${own.length} kernels, ${registers[registers.length >> 1] ?? 0} registers in the middle, ` +
        `${registers.at(-1) ?? 0} at most, ${spilling.length} spill`,
    );
  }
  console.log("the hungriest: registers, spilled bytes, shared memory");
  const hungriest = kernels.sort((a, b) => b.spilled - a.spilled || b.registers - a.registers);
  for (const { text, kernel, chip, registers, spilled, shared } of hungriest.slice(0, HUNGRIEST)) {
    console.log(`  ${text} ${kernel} sm_${chip}: ${registers}, ${spilled}, ${shared}`);
  }
}

/** @returns {Promise<boolean>} whether all is well */
async function check() {
  const texts = generatedTexts();
  const compiler = nvrtcCompiler();
  if (!compiler || texts.length === 0) {
    console.log(
      `skipped: ${compiler ? "no test has generated kernels" : "there is no NVRTC here"}`,
    );
    return true;
  }
  const started = performance.now();
  const compiled = await compiler(texts);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`NVRTC: ${texts.length} generated texts for ${CHIPS.length} chips in ${seconds} s`);
  const kernels = usageOf(compiled);
  print(kernels);
  const failed = compiled.filter(({ error }) => error);
  for (const { text, chip, error } of failed) {
    console.error(`${text} does not compile for sm_${chip}:\n${error}`);
  }
  const spilling = kernels.filter(({ spilled }) => spilled > MOST_SPILLED_BYTES);
  for (const { text, kernel, chip, spilled } of spilling) {
    console.error(`${text} ${kernel} spills ${spilled} bytes on sm_${chip}`);
  }
  return failed.length === 0 && spilling.length === 0;
}

if (isMain(import.meta.url) && !(await check())) process.exitCode = 1;
