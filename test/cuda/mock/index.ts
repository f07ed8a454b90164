/**
 * A machine with CUDA, mocked: libraries with NVIDIA's names and functions that record each call and
 * really execute. Kernels' text is compiled by g++ and runs on the processor.
 *
 * What it finds in passing is an error of CUDA and a line of the log: accesses beyond memory or to
 * freed memory, writes beside an allocation, indices beyond shared arrays, addresses that are not
 * aligned, barriers that do not match, double frees, copies beyond a buffer, calls that a capture
 * forbids, workspaces that are too small. New memory and each block's shared memory are NaN. What it
 * can not find: races that both orders hide, and anything of speed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { builtMock } from "./build.js";

const FILES = {
  driver: "libcuda.so.1",
  nvrtc: "libnvrtc.so.13",
  nvrtcBuiltins: "libnvrtc-builtins.so.13.0",
  nvjitlink: "libnvJitLink.so.13",
  cublasLt: "libcublasLt.so.13",
  cublas: "libcublas.so.13",
  cusparse: "libcusparse.so.12",
  cusolver: "libcusolver.so.12",
} as const;

export type MockLibrary = keyof typeof FILES;

export interface MockCudaOptions {
  /** How many; 1. */
  readonly devices?: number;
  /** Compute capability; "9.0". */
  readonly chip?: string;
  /** Ten times the compute capability of the newest chip that NVRTC knows; 121. */
  readonly newest?: number;
  /** Of the driver, as cuDriverGetVersion gives it; 13000. */
  readonly driver?: number;
  /** Of each device, in bytes; 4 GiB. */
  readonly memory?: number;
  /** In which blocks and threads run: races give other bits in reverse. */
  readonly order?: "forward" | "reverse";
  /**
   * Kernels trap at an index beyond an array, an address that is not aligned or a division by zero;
   * true. Without, they run about three times as fast.
   */
  readonly checked?: boolean;
  /** A file that gets a line of JSON for each call: see `readMockLog`. */
  readonly log?: string;
  /** Libraries that are missing. */
  readonly without?: readonly MockLibrary[];
  /** A cuSOLVER that lacks cusolverDnXgeev. */
  readonly oldCusolver?: boolean;
}

export interface MockCuda {
  /** The folder with the libraries, for GLOCAL_CUDA_PATH. */
  readonly path: string;
  /** All variables to set. They are read at each call, so one process may mock several machines. */
  readonly env: Readonly<Record<string, string>>;
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    // Another process made it meanwhile.
    if (!existsSync(path)) throw error;
  }
}

/** A folder of links to all libraries but some. */
function variant(build: string, without: readonly MockLibrary[], oldCusolver: boolean): string {
  if (without.length === 0 && !oldCusolver) return join(build, "lib");
  const name = [...without.map((library) => `no-${library}`).sort(), oldCusolver ? "old" : ""];
  const folder = join(build, "variants", name.filter(Boolean).join("-"));
  mkdirSync(folder, { recursive: true });
  const missing = new Set<string>(without.map((library) => FILES[library]));
  for (const file of readdirSync(join(build, "lib"))) {
    if (missing.has(file)) continue;
    const source = oldCusolver && file === FILES.cusolver ? "old" : "lib";
    link(join(build, source, file), join(folder, file));
  }
  return folder;
}

/** Builds the libraries where needed and says where they are and what to set. */
export function mockCuda(options: MockCudaOptions = {}): MockCuda {
  const path = variant(builtMock(), options.without ?? [], options.oldCusolver ?? false);
  const env = {
    GLOCAL_CUDA_PATH: path,
    MOCK_CUDA_DEVICES: options.devices,
    MOCK_CUDA_CHIP: options.chip,
    MOCK_CUDA_NEWEST: options.newest,
    MOCK_CUDA_DRIVER: options.driver,
    MOCK_CUDA_MEMORY: options.memory,
    MOCK_CUDA_ORDER: options.order,
    MOCK_CUDA_CHECKED: options.checked === false ? 0 : undefined,
    MOCK_CUDA_LOG: options.log,
  };
  // Empty means the standard, so that one machine's settings do not stay for the next.
  const texts = Object.entries(env).map(([name, value]) => [name, String(value ?? "")]);
  return { path, env: Object.fromEntries(texts) };
}

/** A call of NVIDIA's interfaces, or `problem` with a text: something that the caller did wrong. */
export interface MockCall {
  readonly call: string;
  /** The operating system's number of the thread. */
  readonly thread: number;
  /** As the call gave it; 0 is success. */
  readonly result?: number;
  /** Sizes, names and places; "3+128" is byte 128 of the third allocation. */
  readonly [detail: string]: unknown;
}

/** The calls since the log was begun; none if there is no file yet. */
export function readMockLog(path: string): MockCall[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line) as MockCall);
}
