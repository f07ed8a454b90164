/** The mock is held against what NVIDIA's documentation says of the functions that it stands for. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { builtMock } from "./build.js";
import { type MockCudaOptions, mockCuda, readMockLog } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "glocal-mock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(builtMock(), "selftest");

function selftest(name: string, options: MockCudaOptions = {}) {
  const { path, env } = mockCuda(options);
  const { status, stderr } = spawnSync(program, [path, name], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stderr };
}

function logged(name: string, options: MockCudaOptions = {}) {
  const log = join(folder, `${name}.log`);
  expect(selftest(name, { ...options, log })).toEqual({ status: 0, stderr: "" });
  return readMockLog(log);
}

const problems = (name: string) =>
  logged(name)
    .filter(({ call }) => call === "problem")
    .map(({ text }) => text as string);

describe("the libraries", () => {
  const tests = spawnSync(program, [], { encoding: "utf8" }).stdout.split("\n").filter(Boolean);
  test.each(tests)("%s", (name) => {
    expect(selftest(name, { log: join(folder, "all.log") })).toEqual({ status: 0, stderr: "" });
  });

  test.each(["barriers", "shuffles", "order_shows_races"])("%s in reverse order", (name) => {
    expect(selftest(name, { order: "reverse" })).toEqual({ status: 0, stderr: "" });
  });

  test.each(["map", "barriers", "shuffles", "tensor_cores"])("%s without checks", (name) => {
    expect(selftest(name, { checked: false })).toEqual({ status: 0, stderr: "" });
  });
});

describe("the log", () => {
  test("tells what was captured and what was repeated", () => {
    const calls = logged("graphs_repeat_what_was_captured");
    const launches = calls.filter(({ call }) => call === "cuLaunchKernel");
    expect(launches).toMatchObject([{ kernel: "add", grid: [1, 1, 1], captured: true, result: 0 }]);
    const repeated = calls.filter(({ call }) => call === "cuGraphLaunch");
    expect(repeated.slice(0, 3)).toMatchObject(Array(3).fill({ exec: 1, nodes: 3, result: 0 }));
  });

  test("tells threads apart", () => {
    const calls = logged("other_threads_break_a_global_capture");
    const ofAllocations = calls.filter(({ call }) => call === "cuMemAlloc_v2");
    const main = calls.find(({ call }) => call === "cuInit");
    for (const { thread } of ofAllocations) expect(thread).not.toBe(main?.thread);
  });

  test("counts what was not freed", () => {
    const release = logged("leaks_are_logged").find(
      ({ call }) => call === "cuDevicePrimaryCtxRelease_v2",
    );
    expect(release).toMatchObject({ liveAllocations: 2, liveBytes: 128 });
  });

  test("says where a kernel went wrong", () => {
    expect(problems("reads_beyond_memory_are_reported")[0]).toMatch(
      /^kernel far at selftest\.cu:1 accessed 0x[0-9a-f]+: byte 4096 of memory 1, which has 4096 bytes$/,
    );
    expect(problems("freed_memory_can_not_be_read")[0]).toMatch(
      /: byte 0 of memory 1, which has been freed$/,
    );
    expect(problems("indices_beyond_shared_memory_are_reported")[0]).toMatch(
      /^kernel tile at selftest\.cu:3: an index beyond an array/,
    );
    expect(problems("mismatched_barriers_are_reported")[0]).toBe(
      "mismatched barriers: thread 8 waits at selftest.cu:3, thread 0 at selftest.cu:2",
    );
    expect(problems("lanes_that_never_come_are_reported")[0]).toMatch(/^deadlock: 32 threads/);
  });
});

describe("variants", () => {
  test("lack what they should", () => {
    const { path } = mockCuda({ without: ["cublas", "nvrtc"] });
    expect(readdirSync(path)).toContain("libcuda.so.1");
    expect(readdirSync(path)).not.toContain("libcublas.so.13");
    expect(selftest("map", { without: ["cublas"] }).stderr).toMatch(/libcublas\.so\.13/);
  });

  test("an old cuSOLVER has no function for eigenvalues", () => {
    expect(selftest("singular_values", { oldCusolver: true }).status).toBe(0);
    expect(selftest("eigenvalues", { oldCusolver: true }).status).not.toBe(0);
  });

  test("NVRTC does not find its builtins by itself", () => {
    expect(selftest("map", { without: ["nvrtcBuiltins"] }).stderr).toMatch(
      /^nvrtc: error: failed to open libnvrtc-builtins\.so\.13\.0/,
    );
  });
});
