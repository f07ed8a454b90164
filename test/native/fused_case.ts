/**
 * Runs one step over operands of any dtype on every SIMD level, with 1 and 2 threads, and
 * interprets fused expressions in plain loops to compare with.
 */
import { expect } from "vitest";
import type { DType, FloatDType } from "../../lib/ir/types.js";
import { encode } from "../../lib/lower/encode.js";
import type { Expression, Instruction, Ref, Step, View } from "../../lib/lower/program.js";
import type { NativeDevice } from "../../lib/native/addon.js";
import { Job } from "../../lib/native/job.js";
import { loadAddon } from "../../lib/native/load.js";
import type { Random } from "./structured_case.js";

export type Data = Float32Array | Float64Array | Int32Array | Uint8Array;

export function dtypeOf(data: Data): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  return data instanceof Int32Array ? "int32" : "bool";
}

export const floats = (dtype: FloatDType, values: ArrayLike<number>): Data =>
  dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);

/** A view of the operand that is bound to slot `index`; `at` counts elements. */
export function view(index: number, data: Data, strides: readonly number[], at = 0): View {
  const ref: Ref = { space: "slot", slot: index, offset: at * data.BYTES_PER_ELEMENT };
  return { ref, dtype: dtypeOf(data), strides };
}

const devices = new Map<string, NativeDevice>();

export function deviceOf(simd: string, threads: number): NativeDevice {
  const key = `${simd} ${threads}`;
  const device = devices.get(key) ?? loadAddon().createCpuDevice({ threads, simd });
  devices.set(key, device);
  return device;
}

export function runSteps(
  device: NativeDevice,
  steps: readonly Step[],
  operands: readonly Data[],
): Data[] {
  const slots = operands.map((data, i) => ({
    name: `operand${i}`,
    dtype: dtypeOf(data),
    bytes: data.byteLength,
  }));
  const program = device.compile(encode({ name: "case", arenaBytes: 0, slots, steps }), {
    poison: true,
  });
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
  const results = operands.map((data, i) => {
    const result = data.slice();
    buffers[i]?.read(result, 0);
    return result;
  });
  for (const buffer of buffers) buffer.dispose();
  program.dispose();
  return results;
}

/** Calls `check` with what every operand holds after `step`, once for each SIMD level. */
export function onEveryLevel(
  step: Step,
  operands: readonly Data[],
  check: (after: Data[], simd: string) => void,
): void {
  for (const simd of loadAddon().simdLevels) {
    const one = runSteps(deviceOf(simd, 1), [step], operands);
    const two = runSteps(deviceOf(simd, 2), [step], operands);
    for (const [i, data] of one.entries()) {
      const same = Buffer.compare(bytesOf(data), bytesOf(two[i] as Data)) === 0;
      expect(same, `${simd}: operand ${i} has the same bits on two threads`).toBe(true);
    }
    check(one, simd);
  }
}

function bytesOf(data: Data): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** Calls `body` with every index of `dims`, in row-major order. */
export function forEachIndex(dims: readonly number[], body: (index: number[]) => void): void {
  const size = dims.reduce((n, d) => n * d, 1);
  for (let flat = 0; flat < size; flat++) {
    const index = new Array<number>(dims.length);
    let rest = flat;
    for (let i = dims.length - 1; i >= 0; i--) {
      const d = dims[i] as number;
      index[i] = rest % d;
      rest = Math.floor(rest / d);
    }
    body(index);
  }
}

/** One to five dimensions of `atMost` elements together. */
export function randomDims(random: Random, atMost: number): number[] {
  const dims = Array.from({ length: random.int(1, 5) }, () => random.int(1, 12));
  const product = () => dims.reduce((n, d) => n * d, 1);
  // One of them is long.
  const long = random.int(0, dims.length - 1);
  dims[long] = random.int(
    1,
    Math.max(1, Math.floor((atMost / product()) * (dims[long] as number))),
  );
  while (product() > atMost) dims[random.int(0, dims.length - 1)] = 1;
  return dims;
}

/** Dimensions in any order in memory, some of them repeated; and how many elements they reach. */
export function randomStrides(random: Random, dims: readonly number[]) {
  const strides = dims.map(() => 0);
  const order = dims.map((_, i) => i).filter(() => random.next() < 0.7);
  if (random.flag()) order.sort(() => random.next() - 0.5);
  let length = 1;
  for (const i of order.reverse()) {
    strides[i] = length;
    length *= dims[i] as number;
  }
  return { strides, length };
}

/** The element of `data` that a view shows at `index`. */
export function elementAt(v: View, data: Data, index: readonly number[]): number {
  const start = v.ref.offset / data.BYTES_PER_ELEMENT;
  return v.strides.reduce((at, s, i) => at + s * (index[i] as number), start);
}

export const FUNCTIONS: Record<string, (...x: number[]) => number> = {
  neg: (x) => -x!,
  abs: (x) => Math.abs(x!),
  sign: (x) => Math.sign(x!),
  exp: (x) => Math.exp(x!),
  expm1: (x) => Math.expm1(x!),
  log: (x) => Math.log(x!),
  log1p: (x) => Math.log1p(x!),
  sqrt: (x) => Math.sqrt(x!),
  sin: (x) => Math.sin(x!),
  cos: (x) => Math.cos(x!),
  tanh: (x) => Math.tanh(x!),
  logistic: (x) => 1 / (1 + Math.exp(-x!)),
  floor: (x) => Math.floor(x!),
  trunc: (x) => Math.trunc(x!),
  not: (x) => Number(x === 0),
  add: (x, y) => x! + y!,
  sub: (x, y) => x! - y!,
  mul: (x, y) => x! * y!,
  div: (x, y) => x! / y!,
  pow: (x, y) => x! ** y!,
  max: (x, y) => (x! >= y! || Number.isNaN(x) ? x! : y!),
  min: (x, y) => (x! <= y! || Number.isNaN(x) ? x! : y!),
  lt: (x, y) => Number(x! < y!),
  le: (x, y) => Number(x! <= y!),
  gt: (x, y) => Number(x! > y!),
  ge: (x, y) => Number(x! >= y!),
  eq: (x, y) => Number(x! === y!),
  ne: (x, y) => Number(x! !== y!),
  and: (x, y) => Number(x !== 0 && y !== 0),
  or: (x, y) => Number(x !== 0 || y !== 0),
  select: (c, x, y) => (c !== 0 ? x! : y!),
};

/** All registers of an expression at one index, rounded to the compute type. */
export function registersAt(
  e: Expression,
  operands: readonly Data[],
  index: readonly number[],
): number[] {
  const round = e.compute === "float32" ? Math.fround : (x: number) => x;
  const registers = e.loads.map((load) => {
    const data = operands[load.ref.space === "slot" ? load.ref.slot : 0] as Data;
    return round(data[elementAt(load, data, index)] as number);
  });
  const evaluate = (i: Instruction): number => {
    if (i.op === "constant") return i.value;
    if (i.op === "iota") return index[i.dim] as number;
    return (FUNCTIONS[i.op] as (...x: number[]) => number)(
      ...i.args.map((a) => registers[a] as number),
    );
  };
  for (const instruction of e.code) registers.push(round(evaluate(instruction)));
  return registers;
}

/** The distance between neighbouring numbers of the dtype around `x`. */
export function ulp(dtype: FloatDType, x: number): number {
  const [digits, least] = dtype === "float32" ? [23, -126] : [52, -1022];
  if (x === 0) return 2 ** (least - digits);
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), least) - digits);
}

/** The same numbers, element by element; -0 is 0 here. */
export function expectEqual(got: ArrayLike<number>, want: ArrayLike<number>, label: string): void {
  expectClose(got, want, () => 0, label);
}

export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: (want: number, i: number) => number,
  label: string,
): void {
  for (let i = 0; i < want.length; i++) {
    const w = want[i] as number;
    const g = got[i] as number;
    const close = Number.isFinite(w) ? Math.abs(g - w) <= tolerance(w, i) : Object.is(g, w);
    if (!close) expect.fail(`${label}: element ${i} is ${g}, expected ${w}`);
  }
}
