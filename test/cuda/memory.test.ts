/** Memory of the GPU: what happens when there is too little of it. */
import { expect, test } from "vitest";
import { adder, addon, callsOf, compile, floats, mockOptions, throughArena } from "./support.js";

const MiB = 2 ** 20;

test("too little of it is an error that says how much was asked for and how much there is", () => {
  const device = addon.createCudaDevice(mockOptions({}, { memory: 100 * MiB }));
  const thrown = expect.objectContaining({ code: "GLOCAL_OUT_OF_MEMORY" });
  expect(() => device.allocate(90 * MiB)).toThrow(thrown);
  expect(() => device.allocate(90 * MiB)).toThrow(
    /^Expected 94371840 bytes of memory on .* but received \d+ free bytes of 104857600\.$/,
  );
  // Nothing is lost: less can still be had.
  expect(device.allocate(10 * MiB).bytes).toBe(10 * MiB);
});

test("an arena that does not fit is an error of the run, after which others go on", async () => {
  const device = addon.createCudaDevice(mockOptions({}, { memory: 100 * MiB }));
  const x = device.allocate(4000);
  const large = callsOf(device, compile(device, throughArena(1000, 90 * MiB)), x, 1);
  const small = callsOf(device, compile(device, throughArena(1000)), x, 1);
  expect(() => large.runSync()).toThrow(/bytes of memory on/);
  await expect(large.run(new Int32Array(2))).rejects.toMatchObject({
    code: "GLOCAL_OUT_OF_MEMORY",
  });
  small.runSync();
  small.runSync();
  expect(floats(x)).toEqual(Array(1000).fill(2));
});

test("a buffer outlives its device's handle", () => {
  const device = addon.createCudaDevice(mockOptions());
  const x = device.allocate(40);
  const job = callsOf(device, compile(device, adder(10)), x, 1);
  device.dispose();
  job.runSync();
  expect(floats(x)).toEqual(Array(10).fill(1));
  job.dispose();
  x.write(new Float32Array([7]), 0);
  expect(floats(x)[0]).toBe(7);
});
