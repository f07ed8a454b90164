/** Generated kernels: compiled side by side, and kept on disk. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NativeDevice } from "../../lib/native/addon.js";
import {
  ADD,
  adder,
  addon,
  callsDuring,
  callsOf,
  compile,
  floats,
  mockOptions,
  named,
  scratchFolder,
} from "./support.js";

const N = 10;

/** Runs an adder of its own, and returns how many modules NVRTC compiled for it. */
async function compiled(device: NativeDevice, text = ADD): Promise<number> {
  const x = device.allocate(4 * N);
  const calls = await callsDuring(() => {
    const program = compile(device, { ...adder(N), modules: [text] });
    callsOf(device, program, x, 1).runSync();
  });
  expect(floats(x)).toEqual(Array(N).fill(1));
  return named(calls, "nvrtcCompileProgram").length;
}

const open = (cacheFolder: string, chip = "9.0") =>
  addon.createCudaDevice(mockOptions({ cacheFolder }, { chip }));

describe("the cache of compiled kernels", () => {
  test("keeps them for other devices, by text and chip", async () => {
    const folder = join(scratchFolder(), "made", "when", "needed");
    expect(await compiled(open(folder))).toBe(1);
    expect(await compiled(open(folder))).toBe(0);
    expect(await compiled(open(folder), `${ADD}\n// another`)).toBe(1);
    expect(await compiled(open(folder, "8.0"))).toBe(1);
    expect(await compiled(open(folder, "8.0"))).toBe(0);
    const files = readdirSync(folder);
    expect(files.length).toBe(3);
    for (const file of files) expect(file).toMatch(/^[0-9a-f]{32}\.cubin$/);
  });

  test("is not believed when a file is damaged, and mended", async () => {
    const folder = scratchFolder();
    expect(await compiled(open(folder))).toBe(1);
    const [name] = readdirSync(folder) as [string];
    const path = join(folder, name);
    const whole = readFileSync(path);
    const damages = [
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole, Buffer.from([0])]),
      whole.subarray(0, 10),
      Buffer.alloc(0),
      // One bit of the image, of the key, of the header.
      ...[whole.length - 100, 60, 2].map((at) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] as number) ^ 1;
        return copy;
      }),
    ];
    for (const damaged of damages) {
      writeFileSync(path, damaged);
      expect(await compiled(open(folder))).toBe(1);
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
    expect(await compiled(open(folder))).toBe(0);
    expect(readdirSync(folder)).toEqual([name]);
  });

  test("is readable by its owner only", async () => {
    const folder = scratchFolder();
    await compiled(open(folder));
    const [name] = readdirSync(folder) as [string];
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test("may be in a place that cannot be written, or nowhere", async () => {
    const file = join(scratchFolder(), "file");
    writeFileSync(file, "");
    for (const folder of [join(file, "below"), "/proc/glocal", ""]) {
      expect(await compiled(open(folder))).toBe(1);
      expect(await compiled(open(folder))).toBe(1);
    }
  });
});

describe("a program's modules", () => {
  test("are compiled on several threads and keep their order", async () => {
    const device = open("");
    const modules = [1, 2, 3, 4].map(
      (factor) => `extern "C" __global__ void add(float* x, long long n, long long by) {
        if (threadIdx.x < n) x[threadIdx.x] = x[threadIdx.x] * 10 + ${factor} * by;
      }`,
    );
    const { launches } = adder(N);
    const program = compile(device, {
      ...adder(N),
      modules,
      kernels: modules.map((_, module) => ({ name: "add", module })),
      launches: [2, 0, 3, 1].flatMap((kernel) =>
        launches.map((launch) => ({ ...launch, kernel })),
      ) as typeof launches,
    });
    const x = device.allocate(4 * N);
    callsOf(device, program, x, 1).runSync();
    expect(floats(x)).toEqual(Array(N).fill(3142));
  });

  test("that do not compile are an error with the compiler's log", () => {
    const device = open(scratchFolder());
    const text = 'extern "C" __global__ void add(float* x) { x[0] = no_such_thing; }';
    const broken = () => compile(device, { ...adder(N), modules: [ADD, text] });
    expect(broken).toThrow(/NVRTC_ERROR_COMPILATION[\s\S]*no_such_thing/);
    expect(broken).toThrow(expect.objectContaining({ code: "GLOCAL_CUDA" }));
  });

  test("must have the kernels that are asked of them", () => {
    const device = open("");
    const asking = (name: string, module: number | null) => () =>
      compile(device, { ...adder(N), kernels: [{ name, module }] });
    expect(asking("absent", 0)).toThrow(/kernel absent .*CUDA_ERROR_NOT_FOUND/);
    expect(asking("add", 1)).toThrow(/one of 1 modules but received module 1/);
    expect(asking("absent", null)).toThrow(/the name of a fixed kernel but received "absent"/);
  });
});
