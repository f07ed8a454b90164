/** A graph compiled for a device, and the jobs that run several of them in one native call. */
import { GlocalError } from "../errors.js";
import type { Graph } from "../ir/graph.js";
import type { Cost } from "../lower/cost.js";
import type { LowerOptions } from "../lower/options.js";
import type { NativeBuffer, NativeJob, NativeProgram } from "../native/addon.js";
import { callNative, fromNative } from "../native/errors.js";
import { Job, type Place } from "../native/job.js";
import type { Device } from "./device.js";
import { type Compilable, compilableFor } from "./target.js";

export type { Cost };

/** Memory on a device, from an offset in bytes. */
export interface DeviceArray {
  readonly buffer: NativeBuffer;
  readonly offset: number;
}

export interface CompileOptions extends LowerOptions {
  /** Fills scratch memory with NaN before each call, so that a test sees reads of memory never written. */
  readonly poison?: boolean;
}

export class Executable {
  readonly native: NativeProgram;
  private readonly constants: ReadonlyMap<number, DeviceArray>;

  private constructor(
    readonly compiled: Compilable,
    device: Device,
    poison: boolean,
  ) {
    const constants = new Map<number, DeviceArray>();
    for (const { slot, data } of compiled.constants) {
      const buffer = device.allocate(data.byteLength);
      buffer.write(data, 0);
      constants.set(slot, { buffer, offset: 0 });
    }
    this.constants = constants;
    this.native = callNative(() =>
      device.native.compile(compiled.code(), { poison, ...compiled.text }),
    );
  }

  static compile(device: Device, graph: Graph, options: CompileOptions): Executable {
    return new Executable(compilableFor(device, graph, options), device, options.poison ?? false);
  }

  /** What a graph would cost and need on a device, without compiling it. */
  static estimate(
    device: Device,
    graph: Graph,
    options: CompileOptions,
  ): Pick<Compilable, "cost" | "scratchBytes"> {
    return compilableFor(device, graph, options);
  }

  get cost(): Cost {
    return this.compiled.cost;
  }

  /** Memory for every slot: inputs in order, outputs that are not donated in order, then constants. */
  bind(inputs: readonly DeviceArray[], outputs: readonly DeviceArray[]): DeviceArray[] {
    const bound = [...inputs];
    const fresh = [...new Set(this.compiled.outputSlots)].filter((s) => s >= inputs.length);
    if (fresh.length !== outputs.length)
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: `${fresh.length} output arrays for ${this.compiled.program.name}`,
        received: `${outputs.length}`,
      });
    fresh.forEach((slot, i) => {
      bound[slot] = outputs[i] as DeviceArray;
    });
    for (const [slot, array] of this.constants) bound[slot] = array;
    return bound;
  }
}

const PROGRESS_INTERVAL_MS = 100;

/** Commands for one native call, with the programs and buffers they use. */
export class DeviceJob {
  private readonly job = new Job();
  private readonly programs = new Map<NativeProgram, number>();
  private readonly buffers = new Map<NativeBuffer, number>();
  private prepared: NativeJob | undefined;

  constructor(private readonly device: Device) {}

  get commands(): number {
    return this.job.commands;
  }

  call(
    executable: Executable,
    inputs: readonly DeviceArray[],
    outputs: readonly DeviceArray[] = [],
  ): void {
    const slots = executable.bind(inputs, outputs).map((a) => this.place(a));
    this.job.call(indexOf(this.programs, executable.native), slots);
  }

  copy(from: DeviceArray, to: DeviceArray, bytes: number): void {
    this.job.copy(this.place(from), this.place(to), bytes);
  }

  zero(at: DeviceArray, bytes: number): void {
    this.job.zero(this.place(at), bytes);
  }

  /** Runs on the calling thread. A job may run any number of times; none of its commands may be added after the first. */
  runSync(): void {
    callNative(() => this.prepare().runSync());
  }

  /**
   * Runs off the event loop.
   *
   * @param progress called now and then with the number of commands that are done
   * @returns how many commands ran: fewer than `commands` when the signal stopped it between two
   */
  async run(signal?: AbortSignal, progress?: (commands: number) => void): Promise<number> {
    if (signal?.aborted) return 0;
    const control = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
    const stop = () => Atomics.store(control, 0, 1);
    signal?.addEventListener("abort", stop, { once: true });
    const watch =
      progress && setInterval(() => progress(Atomics.load(control, 1)), PROGRESS_INTERVAL_MS);
    try {
      return await this.prepare().run(control);
    } catch (error) {
      throw fromNative(error);
    } finally {
      clearInterval(watch);
      signal?.removeEventListener("abort", stop);
    }
  }

  private prepare(): NativeJob {
    this.prepared ??= this.device.native.prepare(
      this.job.encode(),
      [...this.programs.keys()],
      [...this.buffers.keys()],
    );
    return this.prepared;
  }

  private place({ buffer, offset }: DeviceArray): Place {
    return { buffer: indexOf(this.buffers, buffer), offset };
  }
}

function indexOf<T>(table: Map<T, number>, item: T): number {
  const at = table.get(item) ?? table.size;
  table.set(item, at);
  return at;
}
