/** What is given up goes back to the GPU, by a thread of its own. In a process without other devices. */
import { expect, test } from "vitest";
import {
  addon,
  calls,
  callsOf,
  compile,
  forget,
  mockOptions,
  named,
  throughArena,
  until,
} from "./support.js";

const MiB = 2 ** 20;

test("all is given back, and not by the thread of JavaScript", async () => {
  forget();
  const device = addon.createCudaDevice(mockOptions());
  const buffers = [device.allocate(4000), device.allocate(8000)] as const;
  const program = compile(device, throughArena(1000));
  const job = callsOf(device, program, buffers[0], 2);
  for (let run = 0; run < 3; run++) job.runSync();
  const before = calls();
  const javaScript = named(before, "cuMemAlloc_v2")[0]?.thread;
  expect(named(before, "cuGraphInstantiateWithFlags").length).toBe(1);

  for (const thing of [job, program, ...buffers, device]) thing.dispose();
  await until(() => named(calls(), "cuStreamDestroy_v2").length === 2);
  const after = calls();
  const count = (name: string) => named(after, name).length;
  await until(() => named(calls(), "cuMemFree_v2").length === count("cuMemAlloc_v2"));
  expect(count("cuGraphExecDestroy")).toBe(1);
  expect(count("cuGraphDestroy")).toBe(1);
  expect(count("cuModuleUnload")).toBe(count("cuModuleLoadData"));
  expect(count("cuEventDestroy_v2")).toBe(count("cuEventCreate"));
  expect(count("cublasDestroy_v2")).toBe(1);
  const given = [
    "cuMemFree_v2",
    "cuModuleUnload",
    "cuGraphExecDestroy",
    "cuStreamDestroy_v2",
    "cuEventDestroy_v2",
    "cublasDestroy_v2",
    "cuDevicePrimaryCtxRelease_v2",
  ];
  for (const { call, thread } of calls())
    if (given.includes(call)) expect({ call, thread }).not.toMatchObject({ thread: javaScript });
  expect(named(after, "problem")).toEqual([]);
});

test("memory that was just given up can be had again at once", () => {
  const device = addon.createCudaDevice(mockOptions({}, { memory: 140 * MiB }));
  for (let i = 0; i < 10; i++) device.allocate(60 * MiB).dispose();
});
