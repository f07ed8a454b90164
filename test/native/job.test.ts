import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { encode } from "../../lib/lower/encode.js";
import type { MapStep, Program } from "../../lib/lower/program.js";
import type { NativeBuffer, NativeDevice, NativeProgram } from "../../lib/native/addon.js";
import { Job } from "../../lib/native/job.js";
import { loadAddon } from "../../lib/native/load.js";
import { Random } from "./structured_case.js";

const addon = loadAddon();
const SIZE = 1000;
const BYTES = 4 * SIZE;

/** x += 1 in place, through the arena. */
function increment(size = SIZE): Program {
  const shared = { op: "map", compute: "float32", dims: [size] } as const;
  const slot = {
    ref: { space: "slot", slot: 0, offset: 0 },
    dtype: "float32",
    strides: [1],
  } as const;
  const arena = { ref: { space: "arena", offset: 64 }, dtype: "float32", strides: [1] } as const;
  const add: MapStep = {
    ...shared,
    loads: [slot],
    code: [
      { op: "constant", value: 1 },
      { op: "add", args: [0, 1] },
    ],
    stores: [{ register: 2, view: arena }],
  };
  const copy: MapStep = {
    ...shared,
    loads: [arena],
    code: [],
    stores: [{ register: 0, view: slot }],
  };
  return {
    name: "increment",
    arenaBytes: 64 + 4 * size,
    slots: [{ name: "x", dtype: "float32", bytes: 4 * size }],
    steps: [add, copy],
  };
}

interface Setup {
  device: NativeDevice;
  program: NativeProgram;
  x: NativeBuffer;
}

function setup(size = SIZE): Setup {
  const device = addon.createCpuDevice({ threads: 2 });
  const program = device.compile(encode(increment(size)), { poison: false });
  return { device, program, x: device.allocate(4 * size) };
}

function calls(count: number): Float64Array {
  const job = new Job();
  for (let i = 0; i < count; i++) job.call(0, [{ buffer: 0, offset: 0 }]);
  return job.encode();
}

function first(buffer: NativeBuffer): number {
  const out = new Float32Array(1);
  buffer.read(out, 0);
  return out[0] as number;
}

describe("buffers", () => {
  const { device } = setup();

  it("start as zeros and keep what is written", () => {
    const buffer = device.allocate(32);
    const out = new Float64Array(4).fill(1);
    buffer.read(out, 0);
    expect(Array.from(out)).toEqual([0, 0, 0, 0]);
    buffer.write(new DataView(Float64Array.of(1.5, 2.5).buffer, 8), 16);
    buffer.read(out, 0);
    expect(Array.from(out)).toEqual([0, 0, 2.5, 0]);
    expect(buffer.bytes).toBe(32);
  });

  it.each([
    [8, "bytes [8, 40)"],
    [-1, "received -1"],
    [0.5, "received 0.5"],
    [NaN, "received NaN"],
    ["0", 'received "0"'],
  ])("refuse the offset %s", (offset, message) => {
    const buffer = device.allocate(32);
    const bad = offset as number;
    expect(() => buffer.write(new Float64Array(4), bad)).toThrow(message as string);
    expect(() => buffer.read(new Float64Array(4), bad)).toThrow(message as string);
  });

  it("refuse what is not memory, and use after dispose", () => {
    const buffer = device.allocate(32);
    expect(() => buffer.write([1] as never, 0)).toThrow(/Expected source .* received an array/);
    buffer.dispose();
    buffer.dispose();
    expect(() => buffer.read(new Float32Array(1), 0)).toThrow(/disposed/);
    expect(() => device.allocate(-1)).toThrow(/received -1/);
    expect(() => device.allocate(2 ** 52)).toThrow(/enough free memory/);
  });
});

describe("runSync", () => {
  it("calls, copies and zeroes in order", () => {
    const { device, program, x } = setup();
    const y = device.allocate(BYTES);
    const job = new Job();
    job.call(0, [{ buffer: 0, offset: 0 }]);
    job.call(0, [{ buffer: 0, offset: 0 }]);
    job.copy({ buffer: 0, offset: 0 }, { buffer: 1, offset: 0 }, BYTES);
    job.zero({ buffer: 0, offset: 4 }, BYTES - 4);
    device.prepare(job.encode(), [program], [x, y]).runSync();
    const out = new Float32Array(SIZE);
    x.read(out, 0);
    expect(Array.from(out.slice(0, 3))).toEqual([2, 0, 0]);
    y.read(out, 0);
    expect(out.every((v) => v === 2)).toBe(true);
  });

  const place = (buffer: number, offset: number) => ({ buffer, offset });
  it.each<[string, (job: Job) => void, RegExp]>([
    ["a program", (job) => job.call(1, [place(0, 0)]), /index of a program/],
    ["a buffer", (job) => job.call(0, [place(2, 0)]), /index of a buffer/],
    ["a buffer too short", (job) => job.call(0, [place(0, 4)]), /within the buffer/],
    ["a crooked offset", (job) => job.call(0, [place(1, 2)]), /multiple/],
    ["a copy too long", (job) => job.copy(place(0, 0), place(1, 0), BYTES + 64), /within/],
    ["a copy from beyond", (job) => job.copy(place(0, 2 ** 52), place(1, 0), 4), /within/],
    ["a zero of nothing known", (job) => job.zero(place(0, 0), NaN), /received nan/],
    ["a negative offset", (job) => job.zero(place(0, -4), 4), /offset/],
  ])("refuses %s before anything runs", (_, add, message) => {
    const { device, program, x } = setup();
    const wide = device.allocate(BYTES + 32);
    const job = new Job();
    job.call(0, [place(0, 0)]);
    add(job);
    expect(() => device.prepare(job.encode(), [program], [x, wide]).runSync()).toThrow(message);
    expect(first(x)).toBe(0);
  });

  it("refuses truncated jobs and things of another device", () => {
    const { device, program, x } = setup();
    const other = setup();
    expect(() => device.prepare(calls(1).slice(0, 3), [program], [x]).runSync()).toThrow(
      /end of the stream/,
    );
    expect(() => device.prepare(Float64Array.of(3), [program], [x]).runSync()).toThrow(
      /command's code/,
    );
    expect(() => device.prepare(calls(1), [other.program], [x]).runSync()).toThrow(
      /programs of this device/,
    );
    expect(() => device.prepare(calls(1), [program], [other.x]).runSync()).toThrow(
      /buffers of this device/,
    );
    expect(() => device.prepare(calls(1), [x as never], [x]).runSync()).toThrow(
      /Expected a program/,
    );
    expect(() => device.prepare(calls(1), [program], [{} as never]).runSync()).toThrow(
      /Expected a buffer/,
    );
    expect(() => device.prepare([] as never, [], []).runSync()).toThrow(/Float64Array/);
  });

  it("poisons the arena before each call where asked to", () => {
    const { device, x } = setup();
    const [, copy] = increment().steps;
    const readsUnwritten = { ...increment(), steps: [copy as MapStep] };
    const poisoned = device.compile(encode(readsUnwritten), { poison: true });
    device.prepare(calls(1), [poisoned], [x]).runSync();
    expect(first(x)).toBeNaN();
  });
});

describe("run", () => {
  it("resolves with the number of commands and leaves the event loop free", async () => {
    const { device, program, x } = setup();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const ran = await device.prepare(calls(20_000), [program], [x]).run(new Int32Array(2));
    clearInterval(timer);
    expect(ran).toBe(20_000);
    expect(first(x)).toBe(20_000);
    expect(ticks).toBeGreaterThan(0);
  });

  it("stops between two commands when cancelled", async () => {
    const { device, program, x } = setup(100_000);
    const control = new Int32Array(new SharedArrayBuffer(8));
    const promise = device.prepare(calls(1_000_000), [program], [x]).run(control);
    setTimeout(() => Atomics.store(control, 0, 1), 20);
    const ran = await promise;
    expect(ran).toBeLessThan(1_000_000);
    expect(first(x)).toBe(ran);
  });

  it("tells how far it is", async () => {
    const { device, program, x } = setup(100_000);
    const control = new Int32Array(new SharedArrayBuffer(8));
    const job = device.prepare(calls(20_000), [program], [x]);
    const seen = new Set<number>();
    const timer = setInterval(() => seen.add(Atomics.load(control, 1)), 1);
    await job.run(control);
    clearInterval(timer);
    expect([...seen].filter((n) => n > 0 && n < 20_000).length).toBeGreaterThan(0);
    expect(control[1]).toBe(20_000);
  });

  it("queues jobs of one device, synchronous ones too", async () => {
    const { device, program, x } = setup();
    const runs = [1, 2, 3].map((n) =>
      device.prepare(calls(1000 * n), [program], [x]).run(new Int32Array(2)),
    );
    device.prepare(calls(500), [program], [x]).runSync();
    expect(await Promise.all(runs)).toEqual([1000, 2000, 3000]);
    expect(first(x)).toBe(6500);
  });

  it("keeps what it uses alive when everything is disposed of meanwhile", async () => {
    const { device, program, x } = setup(10_000);
    const promise = device.prepare(calls(2000), [program], [x]).run(new Int32Array(2));
    program.dispose();
    x.dispose();
    device.dispose();
    expect(await promise).toBe(2000);
    expect(() => device.allocate(4)).toThrow(/disposed/);
  });

  it("refuses a bad job or flag at once", () => {
    const { device, program, x } = setup();
    const run = (job: Float64Array, control: unknown) =>
      device.prepare(job, [program], [x]).run(control as Int32Array);
    expect(() => run(calls(1).slice(0, 3), new Int32Array(2))).toThrow(/end of the stream/);
    expect(() => run(calls(1), new Float32Array(2))).toThrow(/control to be an Int32Array/);
    expect(() => run(calls(1), new Int32Array(1))).toThrow(/control to have 2 elements/);
  });

  it("outlives a worker that is terminated in the middle of jobs", async () => {
    const source = `
      const { parentPort, workerData } = require("node:worker_threads");
      const addon = require(workerData.addon);
      const device = addon.createCpuDevice({ threads: 2 });
      const program = device.compile(workerData.program, { poison: false });
      const x = device.allocate(400_000);
      for (let i = 0; i < 3; i++) device.prepare(workerData.job, [program], [x]).run(new Int32Array(2));
      parentPort.postMessage("started");`;
    const path = new URL("../../build/Release/glocal.node", import.meta.url).pathname;
    for (let i = 0; i < 5; i++) {
      const workerData = {
        addon: path,
        program: encode(increment(100_000)),
        job: calls(1_000_000),
      };
      const worker = new Worker(source, { eval: true, workerData });
      await new Promise((resolve) => worker.once("message", resolve));
      await new Promise((resolve) => setTimeout(resolve, 3 * i));
      const before = performance.now();
      expect(await worker.terminate()).toBe(1);
      expect(performance.now() - before).toBeLessThan(2000);
    }
    const { device, program, x } = setup();
    device.prepare(calls(1), [program], [x]).runSync();
    expect(first(x)).toBe(1);
  });
});

describe("compile", () => {
  const { device } = setup();
  const compile = (code: Float64Array) => device.compile(code, { poison: false });

  it("tells the size of the arena", () => {
    expect(compile(encode(increment())).arenaBytes).toBe(64 + BYTES);
  });

  it("refuses another version", () => {
    const code = encode(increment());
    code[0] = 99;
    expect(() => compile(code)).toThrow(
      `Expected encoding version ${addon.encodingVersion} but received 99.`,
    );
  });

  it.each<[string, (program: Program) => Program, RegExp]>([
    [
      "a slot too short",
      (p) => ({ ...p, slots: [{ ...p.slots[0]!, bytes: BYTES - 1 }] }),
      /slot 0/,
    ],
    ["an arena too short", (p) => ({ ...p, arenaBytes: BYTES }), /the arena/],
    ["a slot that is not there", (p) => ({ ...p, slots: [] }), /a slot/],
    ["another dtype", (p) => ({ ...p, slots: [{ ...p.slots[0]!, dtype: "int32" }] }), /own dtype/],
  ])("refuses %s", (_, change, message) => {
    expect(() => compile(encode(change(increment())))).toThrow(message);
  });

  it("refuses a stream cut short anywhere", () => {
    const code = encode(increment());
    for (let length = 0; length < code.length; length++) {
      expect(() => compile(code.slice(0, length)), `cut at ${length}`).toThrow(/Expected/);
    }
  });

  it("refuses or runs within bounds whatever the numbers say", () => {
    const random = new Random(42);
    const strange = [-1, 0, 1, 2, 3, 7, 63, 1e6, 2 ** 31, 2 ** 53, 0.5, NaN, Infinity, -Infinity];
    const x = device.allocate(BYTES);
    let accepted = 0;
    for (let i = 0; i < 5000; i++) {
      const code = encode(increment());
      for (let j = random.int(1, 3); j > 0; j--) {
        code[random.int(1, code.length - 1)] = strange[random.int(0, strange.length - 1)] as number;
      }
      try {
        const program = compile(code);
        if (program.arenaBytes > 1e7) continue;
        device.prepare(calls(1), [program], [x]).runSync();
        accepted++;
      } catch (error) {
        expect((error as Error).message).toMatch(/^Expected .* but received /);
      }
    }
    expect(accepted).toBeGreaterThan(50);
  });
});

describe("createCpuDevice", () => {
  it("has the threads and the SIMD level asked for", () => {
    for (const simd of addon.simdLevels) {
      const device = addon.createCpuDevice({ threads: 3, simd });
      expect([device.threads, device.level]).toEqual([3, simd]);
    }
    expect(addon.createCpuDevice({ threads: 1 }).level).toBe(addon.simdLevels.at(-1));
  });

  it.each([
    [{ threads: 0 }, "received 0"],
    [{ threads: 1.5 }, "received 1.5"],
    [{ threads: "2" }, 'received "2"'],
    [{ threads: 1, simd: "mmx" }, 'received "mmx"'],
    [{ threads: 1, simd: 5 }, "received 5"],
    [undefined, "received undefined"],
  ])("refuses %o", (options, message) => {
    expect(() => addon.createCpuDevice(options as never)).toThrow(message);
  });
});
