/** Jobs on CUDA: the first time command by command, from then on as graphs. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ProductLaunch } from "../../lib/lower/cuda/launches.js";
import type { NativeDevice } from "../../lib/native/addon.js";
import { Job } from "../../lib/native/job.js";
import {
  ADD,
  adder,
  addon,
  callsDuring,
  callsOf,
  compile,
  floats,
  launch,
  mockOptions,
  named,
  throughArena,
} from "./support.js";

let device: NativeDevice;
beforeAll(() => {
  device = addon.createCudaDevice(mockOptions());
});

const N = 100;
const all = (value: number, n = N) => Array.from({ length: n }, () => value);

describe("what a device says of itself", () => {
  test("its chip and its memory", () => {
    expect(device.level).toBe("sm_90");
    expect(device.threads).toBe(1);
    expect(device.memoryBytes).toBe(4 * 2 ** 30);
    expect(device.description).toMatch(/, 4 GB$/);
  });
});

describe("buffers", () => {
  test("are zero at first, and keep what is written", () => {
    const x = device.allocate(4 * N);
    expect(floats(x)).toEqual(all(0));
    x.write(new Float32Array([1, 2]), 8);
    expect(floats(x).slice(0, 6)).toEqual([0, 0, 1, 2, 0, 0]);
  });

  test("rows of a table of bytes arrive as the values they stand for", () => {
    const rowBytes = 1 << 16;
    const table = Uint8Array.from({ length: 3 * rowBytes }, (_, i) => (i * 7) & 255);
    const index = Int32Array.from({ length: 40 }, (_, i) => (i * 2) % 3);
    const values = Float32Array.from({ length: 256 }, (_, i) => i / 4);
    const x = device.allocate(4 * rowBytes * index.length + 16);
    device.writeRows(x, 16, table, rowBytes, index, values);
    const expected = new Float32Array(4 + index.length * rowBytes);
    index.forEach((row, i) => {
      for (let j = 0; j < rowBytes; j++)
        expected[4 + i * rowBytes + j] = values[table[row * rowBytes + j] as number] as number;
    });
    const received = new Float32Array(expected.length);
    x.read(received, 0);
    expect(Buffer.compare(Buffer.from(received.buffer), Buffer.from(expected.buffer))).toBe(0);
  });
});

describe("runs of one job", () => {
  test("launch kernels, then capture and launch graphs, then launch those again", async () => {
    const x = device.allocate(4 * N);
    const job = callsOf(device, compile(device, adder(N, 100)), x, 20);
    const counts = async () => {
      const calls = await callsDuring(() => job.runSync());
      const eager = named(calls, "cuLaunchKernel").filter(({ captured }) => captured === false);
      return {
        eager: eager.length,
        captures: named(calls, "cuStreamBeginCapture_v2").length,
        graphs: named(calls, "cuGraphLaunch").length,
      };
    };
    expect(await counts()).toEqual({ eager: 2000, captures: 0, graphs: 0 });
    expect(floats(x)).toEqual(all(2000));
    // Segments of whole commands, no more than 750 launches: 7 calls, 7 calls, 6 calls.
    expect(await counts()).toEqual({ eager: 0, captures: 3, graphs: 3 });
    expect(floats(x)).toEqual(all(4000));
    expect(await counts()).toEqual({ eager: 0, captures: 0, graphs: 3 });
    expect(floats(x)).toEqual(all(6000));
  });

  test("read what was written between them", () => {
    const x = device.allocate(4 * N);
    const job = callsOf(device, compile(device, adder(N)), x, 3);
    for (let run = 0; run < 4; run++) {
      x.write(Float32Array.from(all(10 * run)), 0);
      job.runSync();
      expect(floats(x)).toEqual(all(10 * run + 3));
    }
  });

  test("copy and zero, too", () => {
    const [x, y] = [device.allocate(4 * N), device.allocate(4 * N)];
    const program = compile(device, adder(N));
    const job = new Job();
    job.call(0, [{ buffer: 0, offset: 0 }]);
    job.copy({ buffer: 0, offset: 0 }, { buffer: 1, offset: 200 }, 200);
    job.copy({ buffer: 1, offset: 0 }, { buffer: 1, offset: 0 }, 200);
    job.zero({ buffer: 0, offset: 40 }, 360);
    const native = device.prepare(job.encode(), [program], [x, y]);
    for (let run = 1; run <= 3; run++) {
      native.runSync();
      expect(floats(x)).toEqual([...all(run, 10), ...all(0, 90)]);
      // At first there was the same in all of x; later only in what was not zeroed.
      expect(floats(y)).toEqual([...all(0, 50), ...all(run, 10), ...all(1, 40)]);
    }
  });

  test("an empty job runs", () => {
    const job = device.prepare(new Job().encode(), [], []);
    job.runSync();
    job.runSync();
  });

  test("copies that overlap are refused before anything is captured", () => {
    const x = device.allocate(400);
    const job = new Job();
    job.copy({ buffer: 0, offset: 0 }, { buffer: 0, offset: 100 }, 200);
    const native = device.prepare(job.encode(), [], [x]);
    expect(() => native.runSync()).toThrow(/a copy between places that do not overlap/);
  });
});

describe("the arena", () => {
  test("is one for all programs; when it grows, graphs are captured anew", async () => {
    const own = addon.createCudaDevice(mockOptions());
    const x = own.allocate(4 * N);
    const small = callsOf(own, compile(own, throughArena(N)), x, 2);
    const large = callsOf(own, compile(own, throughArena(N, 1 << 20)), x, 2);
    const captures = async (job: typeof small) => {
      const calls = await callsDuring(() => job.runSync());
      return named(calls, "cuStreamBeginCapture_v2").length;
    };
    expect(await captures(small)).toBe(0);
    expect(await captures(small)).toBe(1);
    expect(await captures(large)).toBe(0);
    expect(await captures(small)).toBe(1);
    expect(await captures(small)).toBe(0);
    expect(await captures(large)).toBe(1);
    expect(floats(x)).toEqual(all(12));
  });

  test("is filled with NaN before each call when it is poisoned", () => {
    const leaky = {
      ...throughArena(N),
      launches: [
        launch(1, N, [{ space: "arena", offset: 0 }, { space: "slot", slot: 0, offset: 0 }, N]),
      ],
    };
    const x = device.allocate(4 * N);
    callsOf(device, compile(device, throughArena(N)), x, 1).runSync();
    const job = callsOf(device, compile(device, leaky, true), x, 1);
    for (let run = 0; run < 3; run++) {
      x.write(Float32Array.from(all(1)), 0);
      job.runSync();
      expect(floats(x)).toEqual(all(Number.NaN));
    }
  });
});

describe("matrix products", () => {
  const slot = (index: number) => ({ space: "slot", slot: index, offset: 0 }) as const;
  const base: ProductLaunch = {
    op: "product",
    dtype: "float32",
    tf32: false,
    ...{ m: 2, n: 3, k: 4, transA: false, transB: false },
    ...{ lda: 4, ldb: 3, ldc: 3, accumulate: false },
    ...{ count: 2, strideA: 8, strideB: 0, strideC: 6 },
    ...{ a: slot(0), b: slot(1), c: slot(2) },
  };

  function product(more: Partial<ProductLaunch>): { values: Float64Array; expected: Float64Array } {
    const p = { ...base, ...more };
    const array = p.dtype === "float64" ? Float64Array : Float32Array;
    const data = (count: number) =>
      array.from(Array.from({ length: count }, (_, i) => ((i * 5) % 7) - 3));
    const [a, b, c] = [data(16), data(12), data(12)];
    const buffers = [a, b, c].map((values) => {
      const buffer = device.allocate(values.byteLength);
      buffer.write(values, 0);
      return buffer;
    });
    const program = compile(device, {
      name: "product",
      arenaBytes: 0,
      slots: [a, b, c].map((v, i) => ({ name: `${i}`, dtype: p.dtype, bytes: v.byteLength })),
      modules: [],
      kernels: [],
      launches: [p],
    });
    const job = new Job();
    job.call(
      0,
      [0, 1, 2].map((buffer) => ({ buffer, offset: 0 })),
    );
    device.prepare(job.encode(), [program], buffers).runSync();
    const out = new array(c.length);
    buffers[2]?.read(out, 0);
    // By hand, row-major.
    const expected = Float64Array.from(c);
    for (let i = 0; i < p.count; i++)
      for (let row = 0; row < p.m; row++)
        for (let column = 0; column < p.n; column++) {
          let sum = 0;
          for (let j = 0; j < p.k; j++) {
            const left = a[i * p.strideA + (p.transA ? j * p.lda + row : row * p.lda + j)];
            const right = b[i * p.strideB + (p.transB ? column * p.ldb + j : j * p.ldb + column)];
            sum += (left as number) * (right as number);
          }
          const at = i * p.strideC + row * p.ldc + column;
          expected[at] = sum + (p.accumulate ? (expected[at] as number) : 0);
        }
    return { values: Float64Array.from(out), expected };
  }

  test.each([
    ["plain", {}],
    ["a transposed", { transA: true, lda: 2 }],
    ["b transposed", { transB: true, ldb: 4 }],
    ["accumulating", { accumulate: true }],
    ["float64", { dtype: "float64" }],
    ["float64, both transposed", { dtype: "float64", transA: true, lda: 2, transB: true, ldb: 4 }],
    ["TF32 of small integers, which it holds", { tf32: true }],
    ["one row with no distance between rows", { m: 1, lda: 0, ldc: 0 }],
    ["nothing to multiply", { k: 0, accumulate: true }],
  ] as const)("%s", (_, more) => {
    const { values, expected } = product(more as Partial<ProductLaunch>);
    expect(values).toEqual(expected);
  });

  test("in TF32 only when asked for, and float64 in float64", async () => {
    const types = async (more: Partial<ProductLaunch>) =>
      named(await callsDuring(() => product(more)), "cublasGemmStridedBatchedEx").map(
        ({ compute }) => compute,
      );
    expect(await types({})).toEqual([68]);
    expect(await types({ tf32: true })).toEqual([77]);
    expect(await types({ dtype: "float64" })).toEqual([70]);
  });
});

describe("several devices on one GPU", () => {
  test("run side by side, each with a stream of its own", async () => {
    const jobs = [1, 2, 3].map((times) => {
      const own = addon.createCudaDevice(mockOptions());
      const x = own.allocate(4 * N);
      return { x, times, job: callsOf(own, compile(own, adder(N, times)), x, 200) };
    });
    for (let run = 1; run <= 3; run++) {
      const calls = await callsDuring(() =>
        Promise.all(jobs.map(({ job }) => job.run(new Int32Array(2)))),
      );
      for (const { x, times } of jobs) expect(floats(x)).toEqual(all(200 * times * run));
      if (run === 3) {
        const streams = named(calls, "cuGraphLaunch").map(({ stream }) => stream);
        expect(new Set(streams).size).toBe(3);
      }
    }
  });
});

test("programs that reach beyond their memory are refused", () => {
  const slot = { space: "slot", slot: 0, offset: 0 } as const;
  const bad = (launches: ReturnType<typeof adder>["launches"]) => () =>
    compile(device, { ...adder(N), modules: [ADD], launches });
  expect(bad([{ op: "zero", at: slot, bytes: 4 * N + 1 }])).toThrow(/within the 400 bytes/);
  expect(bad([launch(0, N, [{ ...slot, offset: 404 }, N, 1])])).toThrow(/within the 400 bytes/);
  expect(bad([launch(1, N, [])])).toThrow(/the index of a kernel/);
  expect(bad([{ ...launch(0, N, []), block: [1024, 2, 1] } as never])).toThrow(/1024 threads/);
});
