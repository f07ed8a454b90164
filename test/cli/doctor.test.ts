import { describe, expect, test } from "vitest";
import type { Library } from "../../lib/cli/library.js";
import { FakeIo, fakeLibrary, run } from "./harness.js";

describe("glocal doctor", () => {
  test("says what can be used, and why the rest cannot", async () => {
    const io = new FakeIo();
    expect(await run("doctor", io, fakeLibrary())).toBe(0);
    const lines = io.stdout.text.trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/\s+/, " ")).slice(2)).toEqual([
      "addon /somewhere/glocal.node",
      "cpu usable: 2 processors",
      "cuda not usable: libcuda.so.1 was not found",
      "threads 2",
      "SIMD avx2",
      "BLAS OpenBLAS 0.3",
    ]);
    expect(lines[1]).toContain(process.version);
  });

  test("names the GPUs and NVIDIA's libraries", async () => {
    const io = new FakeIo();
    const gpus = [{ name: "H100", computeCapability: "9.0", memoryBytes: 80 * 2 ** 30 }];
    const libraries = { driver: "/lib/libcuda.so.1", nvrtc: "/lib/libnvrtc.so.13" };
    const library: Library = {
      ...fakeLibrary(),
      devices: () => [
        ...fakeLibrary().devices().slice(0, 1),
        { name: "cuda", usable: true, reason: "H100 of compute capability 9.0", gpus, libraries },
      ],
    };
    expect(await run("doctor", io, library)).toBe(0);
    const lines = io.stdout.text.split("\n").map((line) => line.trim().replace(/\s+/g, " "));
    expect(lines).toEqual(
      expect.arrayContaining([
        "cuda usable: H100 of compute capability 9.0",
        "H100, compute capability 9.0, 80 GiB",
        "driver: /lib/libcuda.so.1",
        "nvrtc: /lib/libnvrtc.so.13",
      ]),
    );
  });

  test("says it in JSON, too", async () => {
    const io = new FakeIo();
    expect(await run("doctor --json", io, fakeLibrary())).toBe(0);
    expect(JSON.parse(io.stdout.text)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      addon: "/somewhere/glocal.node",
      devices: fakeLibrary().devices(),
      threads: 2,
      simd: "avx2",
      blas: "OpenBLAS 0.3",
    });
  });

  test("ends with 1 when nothing can be used", async () => {
    const io = new FakeIo();
    const library: Library = {
      ...fakeLibrary(),
      devices: () => [
        { name: "cpu", usable: false, reason: "the addon was built for another Node" },
      ],
    };
    expect(await run("doctor", io, library)).toBe(1);
    expect(io.stdout.text).toContain("not usable: the addon was built for another Node");
    expect(io.stdout.text).toContain("unknown");
  });
});
