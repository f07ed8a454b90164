/** Streams of launches that are not what they should be are refused, whatever is wrong with them. */
import { beforeAll, expect, test } from "vitest";
import { encodeLaunches, LAUNCHES_VERSION } from "../../lib/lower/cuda/encode.js";
import type { CudaProgram } from "../../lib/lower/cuda/launches.js";
import type { NativeDevice } from "../../lib/native/addon.js";
import { addon, callsOf, mockOptions, throughArena } from "./support.js";

let device: NativeDevice;
beforeAll(() => {
  device = addon.createCudaDevice(mockOptions());
});

const N = 24;
const slot = { space: "slot", slot: 0, offset: 0 } as const;
const arena = { space: "arena", offset: 0 } as const;

const program: CudaProgram = {
  ...throughArena(N),
  launches: [
    ...throughArena(N).launches,
    {
      op: "product",
      dtype: "float32",
      tf32: false,
      ...{ m: 2, n: 3, k: 4, transA: false, transB: false, lda: 4, ldb: 3, ldc: 3 },
      ...{ accumulate: false, count: 2, strideA: 8, strideB: 12, strideC: 6 },
      ...{ a: slot, b: slot, c: arena },
    },
    { op: "zero", at: { ...arena, offset: 16 }, bytes: 4 * N - 16 },
  ],
};

const { modules, kernels } = program;
const decode = (code: Float64Array) => device.compile(code, { poison: false, modules, kernels });
const good = encodeLaunches(program);

test("what TypeScript writes is read", () => {
  expect(decode(good).arenaBytes).toBe(4 * N);
});

test("a stream of another version", () => {
  const other = Float64Array.from(good);
  other[0] = LAUNCHES_VERSION + 1;
  expect(() => decode(other)).toThrow(
    `launches of version ${LAUNCHES_VERSION} but received ${LAUNCHES_VERSION + 1}`,
  );
});

test("a stream that ends too soon, anywhere, or goes on", () => {
  for (let length = 0; length < good.length; length++)
    expect(() => decode(good.subarray(0, length))).toThrow(/^Expected .* but received/);
  expect(() => decode(Float64Array.from([...good, 0]))).toThrow(/the end of the stream/);
});

test("numbers that no size, index or flag can be", () => {
  for (let at = 0; at < good.length; at++)
    for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) {
      const bad = Float64Array.from(good);
      bad[at] = wrong;
      expect(() => decode(bad)).toThrow(/^Expected .* but received/);
    }
});

test("no other number does harm", () => {
  for (let at = 0; at < good.length; at++)
    for (const other of [-1, 0, 1, 2, 3, 100, 2 ** 31, 2 ** 52, 2 ** 53]) {
      const bad = Float64Array.from(good);
      bad[at] = other;
      try {
        decode(bad).dispose();
      } catch (error) {
        expect((error as Error).message).toMatch(/^Expected .* but received/);
      }
    }
});

test("a launch of no blocks is nothing to do", () => {
  const nowhere = {
    ...throughArena(N).launches[0],
    grid: [0, 1, 1],
  } as (typeof program.launches)[0];
  const native = decode(encodeLaunches({ ...program, launches: [nowhere] }));
  const x = device.allocate(4 * N);
  for (let run = 0; run < 2; run++) callsOf(device, native, x, 1).runSync();
});

test("operands of a product that reach beyond their memory", () => {
  const product = program.launches[3] as Extract<
    CudaProgram["launches"][number],
    { op: "product" }
  >;
  const withProduct = (more: Partial<typeof product>) => () =>
    decode(encodeLaunches({ ...program, launches: [{ ...product, ...more }] }));
  withProduct({})();
  expect(withProduct({ strideA: 17 })).toThrow(/within the 96 bytes of slot 0/);
  expect(withProduct({ ldb: 4 })).toThrow(/within the 96 bytes of slot 0/);
  expect(withProduct({ c: { ...arena, offset: 52 } })).toThrow(/within the 96 bytes of the arena/);
  expect(withProduct({ count: 2 ** 31 - 1, strideA: 2 ** 40 })).toThrow(/a size below 2\^53/);
  expect(withProduct({ lda: 3 })).toThrow(/rows at least 4 elements apart/);
  expect(withProduct({ strideC: 0 })).toThrow(/memory of its own for each result/);
});
