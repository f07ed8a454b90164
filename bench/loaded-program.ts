/** A program on a device with memory for all its slots, to be timed as a whole or in parts. */
import type { TypedArray } from "../lib/ir/array.js";
import { encode } from "../lib/lower/encode.js";
import type { Program, Ref, Slot, Step } from "../lib/lower/program.js";
import type { NativeBuffer } from "../lib/native/addon.js";
import { Job, type Place } from "../lib/native/job.js";
import type { Device } from "../lib/runtime/device.js";
import { type Spread, scale } from "./statistics.js";
import { callsFor, timeMs } from "./timing.js";

const CLASSES = 10;
/** What hyperparameters hold: rates near 1, or states would shrink to subnormal numbers, which are slow. */
const RAW_RATE = 8;

/** Rows of the tables that the indices in a slot point into. */
function tablesOf({ steps }: Program, slot: number): number[] {
  const isSlot = (ref: Ref) => ref.space === "slot" && ref.slot === slot;
  return steps.flatMap((step) => {
    if (step.op === "blocks")
      return step.slots.flatMap(({ ref }, i) => (isSlot(ref) ? tablesOf(step.program, i) : []));
    return "index" in step && isSlot(step.index) ? [step.rows] : [];
  });
}

/** Small numbers of both signs, but for hyperparameters; labels; examples all over the data. */
function contents(program: Program, { name, dtype, bytes }: Slot, slot: number): TypedArray {
  if (dtype === "float32") {
    const values = new Float32Array(bytes / 4);
    return name.startsWith("hyper")
      ? values.fill(RAW_RATE)
      : values.map(() => 0.1 * (Math.random() - 0.5));
  }
  if (dtype !== "int32") throw new Error(`A slot of ${dtype} was not expected.`);
  const tables = tablesOf(program, slot);
  const below = tables.length > 0 ? Math.min(...tables) : CLASSES;
  return new Int32Array(bytes / 4).map(() => Math.floor(below * Math.random()));
}

/** Calls in a row last at least so long: a job begins and ends in microseconds. */
const LEAST_JOB_MS = 2;

export class LoadedProgram {
  private readonly buffers: NativeBuffer[];
  private readonly slots: readonly Place[];

  constructor(
    private readonly device: Device,
    readonly program: Program,
  ) {
    this.buffers = program.slots.map((slot, i) => {
      const buffer = device.allocate(slot.bytes);
      buffer.write(contents(program, slot, i), 0);
      return buffer;
    });
    this.slots = program.slots.map((_, buffer) => ({ buffer, offset: 0 }));
  }

  /** Milliseconds of one call of the program, or of some of its steps: many in a row, as one job, several times. */
  time(steps: readonly Step[] = this.program.steps, leastMs = 100, leastRuns = 7): Spread {
    const { native } = this.device;
    const part = native.compile(encode({ ...this.program, steps }), { poison: false });
    const run = (calls: number) => {
      const job = new Job();
      for (let i = 0; i < calls; i++) job.call(0, this.slots);
      const prepared = native.prepare(job.encode(), [part], this.buffers);
      return () => prepared.runSync();
    };
    const calls = callsFor(run(1), LEAST_JOB_MS);
    return scale(timeMs(run(calls), leastMs, leastRuns), 1 / calls);
  }
}
