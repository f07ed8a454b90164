/** The device memory of a study: state, hyperparameters, data, and the schedule of batches. */
import { allocate, type HostArray } from "../ir/array.js";
import { BYTES, sizeOf, type Type } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import type { DeviceArray, DeviceJob } from "../runtime/executable.js";
import type { Problem } from "./problem.js";
import { type Examples, upload, uploadRows } from "./resident.js";

export interface ScheduleOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Longest run of steps that one job will hold. */
  readonly longest: number;
}

export const bytesOf = ({ dtype, shape }: Type, copies = 1): number =>
  BYTES[dtype] * sizeOf(shape) * copies;

/** The same buffer, further on. */
export const further = ({ buffer, offset }: DeviceArray, bytes: number): DeviceArray => ({
  buffer,
  offset: offset + bytes,
});

export class Memory {
  readonly state: readonly DeviceArray[];
  readonly raw: readonly DeviceArray[];
  private readonly data: readonly DeviceArray[];
  private readonly index: DeviceArray;
  private readonly counters: DeviceArray;
  private readonly keys: DeviceArray;
  private readonly losses: DeviceArray;
  private readonly saved = new Map<string, readonly DeviceArray[]>();

  constructor(
    private readonly device: Device,
    readonly problem: Problem,
    train: Examples,
    private readonly schedule: ScheduleOptions,
  ) {
    const { batchSize, longest } = schedule;
    this.state = problem.initial.map(({ data }) => upload(device, data));
    this.raw = problem.hyperTypes.map((t) => this.array(t));
    this.data = train.leaves.map((leaf) => uploadRows(device, leaf));
    this.index = this.bytes(longest * batchSize * BYTES.int32);
    this.counters = this.bytes(longest * BYTES.int32);
    this.keys = this.bytes(longest * 2 * BYTES.int32);
    this.losses = this.bytes(longest * this.width);
  }

  /** Bytes of one floating number of the problem. */
  get width(): number {
    return BYTES[this.problem.dtype];
  }

  bytes(count: number): DeviceArray {
    return { buffer: this.device.allocate(count), offset: 0 };
  }

  array(type: Type, copies = 1): DeviceArray {
    return this.bytes(bytesOf(type, copies));
  }

  /** Arrays like the state. */
  stateLike(): DeviceArray[] {
    return this.problem.stateTypes.map((t) => this.array(t));
  }

  /** What a step program begins with, for step `t` of the job, on a state that may be a stored one. */
  stepInputs(t: number, state = this.state): DeviceArray[] {
    const { batchSize } = this.schedule;
    return [
      ...state,
      ...this.raw,
      ...this.data,
      further(this.index, t * batchSize * BYTES.int32),
      further(this.counters, t * BYTES.int32),
      further(this.keys, t * 2 * BYTES.int32),
    ];
  }

  /** Where step `t` of the job reports its loss. */
  loss(t: number): DeviceArray {
    return further(this.losses, t * this.width);
  }

  readLosses(count: number): Float64Array {
    return this.readNumbers(this.losses, count);
  }

  readNumbers(from: DeviceArray, count: number): Float64Array {
    const data = allocate(this.problem.dtype, count);
    if (count > 0) from.buffer.read(data, from.offset);
    return Float64Array.from(data);
  }

  setHyper(phi: Float64Array): void {
    this.problem.hyper.leaves.forEach(({ offset, size }, i) => {
      const data = allocate(this.problem.dtype, size);
      data.set(phi.subarray(offset, offset + size));
      (this.raw[i] as DeviceArray).buffer.write(data, 0);
    });
  }

  readState(): HostArray[] {
    return this.problem.initial.map(({ shape }, i) => {
      const data = allocate((this.problem.stateTypes[i] as Type).dtype, sizeOf(shape));
      (this.state[i] as DeviceArray).buffer.read(data, 0);
      return { data, shape };
    });
  }

  /** Puts the state back to what the problem starts with. */
  reset(): void {
    this.problem.initial.forEach(({ data }, i) => {
      (this.state[i] as DeviceArray).buffer.write(data, 0);
    });
  }

  /** Writes which examples, counters and random keys the steps of the next job see. */
  writeSchedule(steps: number, firstStep: number, indexOf: (step: number) => Int32Array): void {
    const { batchSize, seed } = this.schedule;
    const index = new Int32Array(steps * batchSize);
    const counters = new Int32Array(steps);
    const keys = new Int32Array(steps * 2);
    for (let t = 0; t < steps; t++) {
      index.set(indexOf(firstStep + t), t * batchSize);
      counters[t] = firstStep + t;
      keys.set([seed, firstStep + t], t * 2);
    }
    this.index.buffer.write(index, 0);
    this.counters.buffer.write(counters, 0);
    this.keys.buffer.write(keys, 0);
  }

  /** Copies the state under a name. */
  save(job: DeviceJob, name: string): void {
    const place = this.saved.get(name) ?? this.stateLike();
    this.saved.set(name, place);
    this.copyState(job, this.state, place);
  }

  /** Goes back to a saved state. */
  restore(job: DeviceJob, name: string): void {
    this.copyState(job, this.saved.get(name) as readonly DeviceArray[], this.state);
  }

  copyState(job: DeviceJob, from: readonly DeviceArray[], to: readonly DeviceArray[]): void {
    this.problem.stateTypes.forEach((type, i) => {
      job.copy(from[i] as DeviceArray, to[i] as DeviceArray, bytesOf(type));
    });
  }
}
