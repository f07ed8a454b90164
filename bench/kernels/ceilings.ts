/**
 * What this machine can do at most, measured in the same run on as many threads: float32 matrix products of
 * 1024 × 1024, and memory traffic for working sets from the inner caches to main memory.
 */
import type { MapStep, Program, Ref, View } from "../../lib/lower/program.js";
import type { Device } from "../../lib/runtime/device.js";
import { LoadedProgram } from "../loaded-program.js";
import { sgemmRate } from "../machine.js";

export interface Traffic {
  /** Bytes that are touched over and over. */
  readonly bytes: number;
  readonly gbps: number;
}

export interface Ceilings {
  readonly sgemmGflops: number;
  /** The slowest that the same products were at other times of the run: far below, the machine was not idle. */
  readonly slowestSgemmGflops: number;
  /** By working set, each twice as large as the one before. */
  readonly traffic: readonly Traffic[];
}

const SMALLEST = 2 ** 18;
const LARGEST = 2 ** 28;
const ROW_BYTES = 2 ** 14;

const at = (slot: number): Ref => ({ space: "slot", slot, offset: 0 });
const floats = (name: string, bytes: number) => ({ name, dtype: "float32" as const, bytes });

/** Copies rows of one half of the working set, picked at random, to all of the other: memcpy. */
function copyOf(bytes: number): Program {
  const rows = bytes / 2 / ROW_BYTES;
  const [table, index, out] = [
    floats("from", bytes / 2),
    { name: "index", dtype: "int32", bytes: 4 * rows } as const,
    floats("to", bytes / 2),
  ];
  const step = {
    op: "gather",
    dtype: "float32",
    count: rows,
    rows,
    rowSize: ROW_BYTES / 4,
    lanes: 1,
    index: at(1),
    table: { ref: at(0), laneStride: 0 },
    out: { ref: at(2), laneStride: 0 },
  } as const;
  return { name: "copy", arenaBytes: 0, slots: [table, index, out], steps: [step] };
}

/** Adds one half of the working set to the other in place, which reads no line only to overwrite it. */
function additionOf(bytes: number): Program {
  const view = (slot: number): View => ({ ref: at(slot), dtype: "float32", strides: [1] });
  const step: MapStep = {
    op: "map",
    compute: "float32",
    dims: [bytes / 2 / 4],
    loads: [view(0), view(1)],
    code: [{ op: "add", args: [0, 1] }],
    stores: [{ register: 2, view: view(1) }],
  };
  const slots = [floats("addend", bytes / 2), floats("sum", bytes / 2)];
  return { name: "addition", arenaBytes: 0, slots, steps: [step] };
}

function trafficOf(device: Device, bytes: number): Traffic {
  const rate = (program: Program, moved: number) =>
    moved / (1e6 * new LoadedProgram(device, program).time().min);
  const gbps = Math.max(rate(copyOf(bytes), bytes), rate(additionOf(bytes), 1.5 * bytes));
  return { bytes, gbps };
}

const SIZES = Array.from(
  { length: Math.log2(LARGEST / SMALLEST) + 1 },
  (_, i) => SMALLEST * 2 ** i,
);

/** Measures again and again during a run: what else a machine does comes and goes, and its best counts. */
export class CeilingsMeter {
  private readonly products: number[] = [];
  private readonly traffics: Traffic[][] = [];

  constructor(private readonly device: Device) {}

  measureProducts(): void {
    this.products.push(sgemmRate(this.device));
  }

  measureTraffic(): void {
    this.traffics.push(SIZES.map((bytes) => trafficOf(this.device, bytes)));
  }

  get ceilings(): Ceilings {
    return {
      sgemmGflops: Math.max(...this.products),
      slowestSgemmGflops: Math.min(...this.products),
      traffic: SIZES.map((bytes, i) => {
        return { bytes, gbps: Math.max(...this.traffics.map((rungs) => rungs[i]?.gbps ?? 0)) };
      }),
    };
  }
}

/** GB/s for a working set: those of the nearest size that was measured, on a scale of factors. */
export function trafficCeiling({ traffic }: Ceilings, workingSet: number): number {
  const distance = ({ bytes }: Traffic) => Math.abs(Math.log2(bytes / workingSet));
  return traffic.reduce((best, rung) => (distance(rung) < distance(best) ? rung : best)).gbps;
}
