/** Runs one structured kernel on every SIMD level and on 1 and 2 threads, for the tests of convolution, pooling and products. */
import { expect } from "vitest";
import type { FloatDType } from "../../lib/ir/types.js";
import { encode } from "../../lib/lower/encode.js";
import type { Ref, Step } from "../../lib/lower/program.js";
import type { NativeDevice } from "../../lib/native/addon.js";
import { Job } from "../../lib/native/job.js";
import { loadAddon } from "../../lib/native/load.js";

export type Floats = Float32Array | Float64Array;

/** Where the operands of a case are bound, in the order of the list given to `runStep`. */
export const slot = (index: number): Ref => ({ space: "slot", slot: index, offset: 0 });

/** Small reproducible random numbers (mulberry32). */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in [low, high]. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  flag(): boolean {
    return this.next() < 0.5;
  }

  /** Multiples of 1/64 in [-2, 2]: short enough that few sums round. */
  floats(dtype: FloatDType, length: number): Floats {
    const out = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
    return out.map(() => this.int(-128, 128) / 64);
  }
}

const devices = new Map<string, NativeDevice>();

function deviceOf(simd: string, threads: number): NativeDevice {
  const key = `${simd} ${threads}`;
  const device = devices.get(key) ?? loadAddon().createCpuDevice({ threads, simd });
  devices.set(key, device);
  return device;
}

function runOn(device: NativeDevice, step: Step, dtype: FloatDType, operands: readonly Floats[]) {
  const slots = operands.map((data, i) => ({ name: `operand${i}`, dtype, bytes: data.byteLength }));
  const code = encode({ name: "case", arenaBytes: 0, slots, steps: [step] });
  const program = device.compile(code, { poison: true });
  const buffers = operands.map((data) => {
    const buffer = device.allocate(data.byteLength);
    buffer.write(data, 0);
    return buffer;
  });
  const job = new Job();
  job.call(
    0,
    operands.map((_, buffer) => ({ buffer, offset: 0 })),
  );
  device.prepare(job.encode(), [program], buffers).runSync();
  const last = operands.length - 1;
  const result = (operands[last] as Floats).slice();
  buffers[last]?.read(result, 0);
  for (const buffer of buffers) buffer.dispose();
  program.dispose();
  return result;
}

/**
 * Runs `step` over the operands, the last of which is the output with what it held before, and
 * holds the output against `expected`: on every SIMD level, with the same bits on 1 and 2 threads.
 */
export function expectStep(
  step: Step,
  dtype: FloatDType,
  operands: readonly Floats[],
  expected: Float64Array,
  label: string,
): void {
  const scale = expected.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1);
  const tolerance = scale * (dtype === "float32" ? 4e-6 : 1e-14);
  for (const simd of loadAddon().simdLevels) {
    const one = runOn(deviceOf(simd, 1), step, dtype, operands);
    const two = runOn(deviceOf(simd, 2), step, dtype, operands);
    const where = `${simd}, ${dtype}, ${label}`;
    expect(Buffer.compare(bytesOf(one), bytesOf(two)), `same bits on two threads: ${where}`).toBe(
      0,
    );
    const wrong = one.findIndex((v, i) => {
      const want = expected[i] as number;
      return Number.isFinite(want) ? !(Math.abs(v - want) <= tolerance) : !Object.is(v, want);
    });
    if (wrong >= 0) {
      expect.fail(`${where}: element ${wrong} is ${one[wrong]}, expected ${expected[wrong]}`);
    }
  }
}

function bytesOf(data: Floats): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
