/** Devices on the emulator, its log, and small programs of our own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { encodeLaunches } from "../../lib/lower/cuda/encode.js";
import type { Argument, CudaProgram, Launch } from "../../lib/lower/cuda/launches.js";
import type {
  CudaOptions,
  NativeBuffer,
  NativeDevice,
  NativeJob,
  NativeProgram,
} from "../../lib/native/addon.js";
import { findCudaLibraries } from "../../lib/native/cuda-libraries.js";
import { Job } from "../../lib/native/job.js";
import { loadAddon } from "../../lib/native/load.js";
import { type MockCall, type MockCudaOptions, mockCuda, readMockLog } from "./mock/index.js";

export const addon = loadAddon();

const scratch: string[] = [];
afterAll(() => {
  for (const folder of scratch) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes when the tests of a file are done. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "glocal-cuda-"));
  scratch.push(folder);
  return folder;
}

const LOG = join(scratchFolder(), "calls");

/** Makes this process's machine the mocked one, and says what to open it with. */
export function mockOptions(
  more: Partial<CudaOptions> = {},
  machine: MockCudaOptions = {},
): CudaOptions {
  const { env } = mockCuda({ log: LOG, ...machine });
  Object.assign(process.env, env);
  return { libraries: findCudaLibraries(env), cacheFolder: "", ordinal: 0, ...more };
}

export const forget = () => writeFileSync(LOG, "");

/** What was called since `forget` or `callsDuring`. */
export const calls = () => readMockLog(LOG);

/** What was called during `work`. */
export async function callsDuring(work: () => unknown): Promise<MockCall[]> {
  forget();
  await work();
  return calls();
}

export const named = (list: readonly MockCall[], name: string) =>
  list.filter(({ call }) => call === name);

/** Waits until the emulator's log says so: what is given back is so on another thread. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error("it did not come to pass within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const THREADS = 64;

/** x[i] += by, for the n floats of a slot. */
export const ADD = `
extern "C" __global__ void add(float* x, long long n, long long by) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i < n) x[i] += by;
}
extern "C" __global__ void copy(const float* from, float* to, long long n) {
  const long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
  if (i < n) to[i] = from[i];
}`;

const SLOT = { space: "slot", slot: 0, offset: 0 } as const;

export function launch(kernel: number, n: number, args: readonly Argument[]): Launch {
  const blocks = Math.ceil(n / THREADS);
  return { op: "kernel", kernel, grid: [blocks, 1, 1], block: [THREADS, 1, 1], args };
}

/** Adds 1 to the floats of its slot, `times` times. */
export function adder(n: number, times = 1): CudaProgram {
  return {
    name: "adder",
    arenaBytes: 0,
    slots: [{ name: "x", dtype: "float32", bytes: 4 * n }],
    modules: [ADD],
    kernels: [{ name: "add", module: 0 }],
    launches: Array.from({ length: times }, () => launch(0, n, [SLOT, n, 1])),
  };
}

/** Its slot goes through the arena, from `offset` on; adds 1 on the way. */
export function throughArena(n: number, offset = 0): CudaProgram {
  const arena = { space: "arena", offset } as const;
  return {
    name: "throughArena",
    arenaBytes: offset + 4 * n,
    slots: [{ name: "x", dtype: "float32", bytes: 4 * n }],
    modules: [ADD],
    kernels: [
      { name: "add", module: 0 },
      { name: "copy", module: 0 },
    ],
    launches: [
      launch(1, n, [SLOT, arena, n]),
      launch(0, n, [arena, n, 1]),
      launch(1, n, [arena, SLOT, n]),
    ],
  };
}

export function compile(device: NativeDevice, program: CudaProgram, poison = false): NativeProgram {
  const { modules, kernels } = program;
  return device.compile(encodeLaunches(program), { poison, modules, kernels });
}

/** `count` calls of a program on one buffer. */
export function callsOf(
  device: NativeDevice,
  program: NativeProgram,
  x: NativeBuffer,
  count: number,
): NativeJob {
  const job = new Job();
  for (let i = 0; i < count; i++) job.call(0, [{ buffer: 0, offset: 0 }]);
  return device.prepare(job.encode(), [program], [x]);
}

export function floats(buffer: NativeBuffer): number[] {
  const values = new Float32Array(buffer.bytes / 4);
  buffer.read(values, 0);
  return [...values];
}
