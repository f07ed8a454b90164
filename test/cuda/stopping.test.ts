/** A run on CUDA tells how far it is, and stops between two commands. */
import { describe, expect, test } from "vitest";
import type { CudaProgram } from "../../lib/lower/cuda/launches.js";
import {
  adder,
  addon,
  callsDuring,
  callsOf,
  compile,
  floats,
  mockOptions,
  named,
  until,
} from "./support.js";

const N = 60;
/** Launches of a command, and commands of a job: 10 commands are a segment, so there are many. */
const LAUNCHES = 70;
const COMMANDS = 500;

function setup() {
  const device = addon.createCudaDevice(mockOptions());
  const x = device.allocate(4 * N);
  return { x, job: callsOf(device, compile(device, adder(N, LAUNCHES)), x, COMMANDS) };
}

const control = () => new Int32Array(new SharedArrayBuffer(8));

describe("a run", () => {
  test("tells how many commands are done, eagerly and as graphs", async () => {
    const { x, job } = setup();
    for (let run = 1; run <= 3; run++) {
      const shared = control();
      const seen = new Set<number>();
      const timer = setInterval(() => seen.add(Atomics.load(shared, 1)), 1);
      expect(await job.run(shared)).toBe(COMMANDS);
      clearInterval(timer);
      expect(shared[1]).toBe(COMMANDS);
      expect(seen.size).toBeGreaterThan(3);
      const order = [...seen];
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(floats(x)).toEqual(Array(N).fill(run * COMMANDS * LAUNCHES));
    }
  });

  test("that is told to stop leaves whole commands and says how many", async () => {
    const { x, job } = setup();
    let all = 0;
    // Eagerly; not captured yet, since not all has run; then all of it; then as graphs.
    for (const stop of [true, true, false, true, true]) {
      const shared = control();
      const running = job.run(shared);
      if (stop) {
        await until(() => Atomics.load(shared, 1) > 20);
        Atomics.store(shared, 0, 1);
      }
      const ran = await running;
      expect(ran).toBe(shared[1]);
      if (stop) expect(ran).toBeLessThan(COMMANDS);
      else expect(ran).toBe(COMMANDS);
      all += ran;
      expect(floats(x)).toEqual(Array(N).fill(all * LAUNCHES));
    }
  });

  test("that was stopped before it began does nothing", async () => {
    const { x, job } = setup();
    const shared = control();
    shared[0] = 1;
    const calls = await callsDuring(async () => expect(await job.run(shared)).toBe(0));
    expect(named(calls, "cuLaunchKernel")).toEqual([]);
    expect(floats(x)).toEqual(Array(N).fill(0));
  });

  test("captures only what has been run to its end before", async () => {
    const { job } = setup();
    const captures = async (stop: boolean) => {
      const shared = control();
      const calls = await callsDuring(async () => {
        const running = job.run(shared);
        if (stop) {
          await until(() => Atomics.load(shared, 1) > 0);
          Atomics.store(shared, 0, 1);
        }
        await running;
      });
      return named(calls, "cuStreamBeginCapture_v2").length;
    };
    expect(await captures(true)).toBe(0);
    expect(await captures(false)).toBe(0);
    expect(await captures(false)).toBe(COMMANDS / 10);
    expect(await captures(false)).toBe(0);
  });

  test("has at most two segments before it on the GPU", async () => {
    const { job } = setup();
    job.runSync();
    job.runSync();
    const calls = await callsDuring(() => job.runSync());
    let [launched, awaited] = [0, 0];
    for (const { call } of calls) {
      if (call === "cuGraphLaunch") launched++;
      if (call === "cuEventSynchronize") awaited++;
      expect(launched - awaited).toBeLessThanOrEqual(2);
    }
    expect({ launched, awaited }).toEqual({ launched: COMMANDS / 10, awaited: COMMANDS / 10 });
  });
});

describe("a kernel that goes wrong", () => {
  test("is an error in the driver's words", async () => {
    const device = addon.createCudaDevice(mockOptions());
    const x = device.allocate(40);
    const far = [{ space: "slot", slot: 0, offset: 0 }, 2 ** 40, 1] as const;
    const launches = adder(1 << 24).launches.map((launch) => ({ ...launch, args: far }));
    const program = { ...adder(10), launches } as CudaProgram;
    const job = callsOf(device, compile(device, program), x, 1);
    await expect(job.run(control())).rejects.toMatchObject({
      code: "GLOCAL_CUDA",
      received: expect.stringContaining("CUDA_ERROR_ILLEGAL_ADDRESS"),
    });
  });
});
