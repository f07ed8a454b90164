/** Kernels that come with the addon: their machine code where it fits the chip, else their text. */
import { expect, test } from "vitest";
import {
  adder,
  addon,
  callsDuring,
  compile,
  mockOptions,
  named,
  scratchFolder,
} from "./support.js";

const program = {
  ...adder(10),
  kernels: ["gather_4", "gather_8", "argmax_f32"].map((name) => ({ name, module: null })),
  modules: [],
  launches: [],
};

test("files are compiled when a kernel of theirs is first needed, and kept", async () => {
  const cacheFolder = scratchFolder();
  const compiledBy = async (device: ReturnType<typeof addon.createCudaDevice>) => {
    const calls = await callsDuring(() => compile(device, program));
    return named(calls, "nvrtcCompileProgram").length;
  };
  const device = addon.createCudaDevice(mockOptions({ cacheFolder }));
  // The emulator refuses machine code that was made for GPUs.
  expect(await compiledBy(device)).toBe(2);
  expect(await compiledBy(device)).toBe(0);
  expect(await compiledBy(addon.createCudaDevice(mockOptions({ cacheFolder })))).toBe(0);
});
