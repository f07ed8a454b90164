/**
 * Compiles CUDA kernels to machine code for all chips, which takes no GPU, and prints the registers, spilled bytes
 * and shared memory of each. Without arguments: the fixed kernels, by nvcc and by NVRTC. With files (`-` is what
 * comes on the standard input): those, by NVRTC, as generated kernels are. Fails where one does not compile or
 * spills more than it may; says so and passes where there is no compiler.
 *
 * Run with `node --import tsx`, or `npm run check:cuda-kernels -- FILE...`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CHIPS, KERNEL_FOLDER, nvccCompiler, nvrtcCompiler } from "./cuda/compilers.mjs";
import { isMain } from "./is-main.mjs";

/** @typedef {import("./cuda/compilers.mjs").Compiled} Compiled */

/** Sixteen words: of what is needed between slices, not within. More would mean that a tile is too large. */
const MOST_SPILLED_BYTES = 64;

/** @param {Compiled[]} compiled @returns {string[]} a line for each kernel: what it takes on each chip */
function table(compiled) {
  /** @type {Map<string, Map<string, string>>} */
  const kernels = new Map();
  for (const { kernel, chip, registers, spilled, shared } of compiled.flatMap((c) => c.usage)) {
    const row = kernels.get(kernel) ?? new Map();
    row.set(chip, `${registers}/${spilled}/${shared}`);
    kernels.set(kernel, row);
  }
  const width = Math.max(...[...kernels.keys()].map((name) => name.length));
  return [...kernels]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([name, row]) =>
      [name.padEnd(width), ...CHIPS.map((chip) => (row.get(chip) ?? "-").padStart(13))].join(" "),
    );
}

/** @param {Compiled[]} compiled @returns {string[]} */
function complaints(compiled) {
  return compiled.flatMap(({ text, chip, error, usage }) => [
    ...(error ? [`${basename(text)} does not compile for sm_${chip}:\n${error}`] : []),
    ...usage
      .filter(({ spilled }) => spilled > MOST_SPILLED_BYTES)
      .map(
        ({ kernel, spilled }) =>
          `${kernel} spills ${spilled} bytes on sm_${chip}; at most ${MOST_SPILLED_BYTES} are allowed`,
      ),
  ]);
}

/**
 * @param {string} name
 * @param {import("./cuda/compilers.mjs").Compiler | undefined} compiler
 * @param {string[]} texts
 * @returns {Promise<boolean>} whether all is well
 */
async function check(name, compiler, texts) {
  if (!compiler) {
    console.log(`There is no ${name} here: its check of ${texts.length} CUDA texts is skipped.`);
    return true;
  }
  const started = performance.now();
  const compiled = await compiler(texts);
  const wrong = complaints(compiled);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const chips = CHIPS.map((chip) => `sm_${chip}`).join(", ");
  console.log(`${name}: ${texts.length} texts for ${chips} in ${seconds} s`);
  console.log("kernel: registers/spilled bytes/bytes of shared memory on each");
  for (const line of table(compiled)) console.log(line);
  for (const complaint of wrong) console.error(complaint);
  return wrong.length === 0;
}

function fixedKernels() {
  const names = readdirSync(KERNEL_FOLDER).filter((name) => name.endsWith(".cu"));
  return names.map((name) => join(KERNEL_FOLDER, name));
}

/** @param {string[]} files */
async function checkFiles(files) {
  const folder = mkdtempSync(join(tmpdir(), "glocal-cuda-"));
  try {
    const texts = files.map((file) => {
      if (file !== "-") return file;
      const path = join(folder, "stdin.cu");
      writeFileSync(path, readFileSync(0));
      return path;
    });
    return await check("NVRTC", nvrtcCompiler(), texts);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function checkFixed() {
  const byNvcc = await check("nvcc", nvccCompiler(), fixedKernels());
  const byNvrtc = await check("NVRTC", nvrtcCompiler(), fixedKernels());
  return byNvcc && byNvrtc;
}

if (isMain(import.meta.url)) {
  const files = process.argv.slice(2);
  const well = files.length > 0 ? await checkFiles(files) : await checkFixed();
  if (!well) process.exitCode = 1;
}
