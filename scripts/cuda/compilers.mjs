/** Compiles CUDA texts without a GPU, by nvcc and by NVRTC, and says what each kernel takes of the chip. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findCudaLibraries } from "../../lib/native/cuda-libraries.js";
import { findProgram } from "../native-tools.mjs";
import { resourceUsage } from "./resource-usage.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const KERNEL_FOLDER = join(ROOT, "native/cuda/kernels");

/** Ampere, Hopper, Blackwell: the chips that the addon has machine code for. */
export const CHIPS = ["80", "90", "100"];

/**
 * One text compiled for one chip.
 *
 * @typedef {{ text: string, chip: string, error: string, usage: import("./resource-usage.mjs").Usage[] }} Compiled
 */

/** @typedef {(texts: string[]) => Promise<Compiled[]>} Compiler */

/** @param {string} command @param {string[]} args @returns {Promise<{ status: number | null, output: string }>} */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (data) => {
        output += data;
      });
    child.on("error", reject).on("close", (status) => resolve({ status, output }));
  });
}

/**
 * nvcc from PATH, CUDA_HOME or /usr/local/cuda.
 *
 * @returns {Compiler | undefined}
 */
export function nvccCompiler(env = process.env) {
  const places = [env.CUDA_HOME, "/usr/local/cuda"].map((home) => join(home ?? "", "bin/nvcc"));
  const nvcc = findProgram("nvcc", env) ?? places.find((place) => existsSync(place));
  if (!nvcc) return undefined;
  return async (texts) => {
    const folder = mkdtempSync(join(tmpdir(), "glocal-nvcc-"));
    const jobs = texts.flatMap((text) => CHIPS.map((chip) => ({ text, chip })));
    /** @type {Compiled[]} */
    const done = [];
    const work = async () => {
      for (let job = jobs.shift(); job; job = jobs.shift()) {
        const { text, chip } = job;
        const image = join(folder, `${done.length}-${jobs.length}.cubin`);
        const flags = ["-cubin", "-std=c++17", `-arch=sm_${chip}`, "-Xptxas", "-v", "-x", "cu"];
        const { status, output } = await run(nvcc, [
          ...flags,
          ...["-I", KERNEL_FOLDER, "-o", image, text],
        ]);
        done.push({ text, chip, error: status === 0 ? "" : output, usage: resourceUsage(output) });
      }
    };
    try {
      await Promise.all(Array.from({ length: availableParallelism() }, work));
    } finally {
      rmSync(folder, { recursive: true });
    }
    return done;
  };
}

/** Our little program around NVRTC, built when it is older than its source. */
function nvrtcTool() {
  const source = join(ROOT, "test/cuda/tools/nvrtc_compile.cc");
  const program = join(ROOT, "build/tools/nvrtc_compile");
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(dirname(program), { recursive: true });
  const flags = [
    "-std=c++20",
    "-O1",
    "-Wall",
    "-Wextra",
    "-pthread",
    "-o",
    program,
    source,
    "-ldl",
  ];
  const { status, error } = spawnSync(process.env.CXX ?? "c++", flags, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${source} could not be compiled`);
  return program;
}

/** What our program ends with where no library opens. */
const NO_LIBRARY = 3;

/**
 * NVRTC from GLOCAL_CUDA_TOOLKIT, a home of CUDA, or from where the addon would take it.
 *
 * @returns {Compiler | undefined}
 */
export function nvrtcCompiler(env = process.env) {
  const named = [env.GLOCAL_CUDA_TOOLKIT, env.GLOCAL_CUDA_PATH].filter(Boolean).join(delimiter);
  const libraries = findCudaLibraries({ ...env, GLOCAL_CUDA_PATH: named }).nvrtc.join(",");
  const tool = nvrtcTool();
  if (spawnSync(tool, [libraries, KERNEL_FOLDER, "90", "/dev/null"]).status === NO_LIBRARY)
    return undefined;
  return async (texts) => {
    const { status, output } = await run(tool, [
      ...[libraries, KERNEL_FOLDER, CHIPS.join(",")],
      ...texts,
    ]);
    const [before, ...parts] = output.split(/^@ /m);
    if (status === null || status > 1 || before) throw new Error(output);
    return parts.map((part) => {
      const [, text = "", chip = "", result, log = ""] =
        /^(.+) (\w+) (\d+)\n([\s\S]*)$/.exec(part) ?? [];
      return { text, chip, error: result === "0" ? "" : log, usage: resourceUsage(log) };
    });
  };
}
