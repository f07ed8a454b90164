/** Turns the launches of a program into one Float64Array, the form that `native/cuda/launches.cc` decodes. */
import { DTYPES } from "../../ir/types.js";
import type { Ref } from "../program.js";
import type { Argument, CudaProgram, Launch } from "./launches.js";

/** Must equal kLaunchesVersion in `native/cuda/launches.h`. */
export const LAUNCHES_VERSION = 1;

/** arena: 0, 0, byteOffset; slot: 1, slot, byteOffset. */
const ref = (r: Ref): number[] => (r.space === "arena" ? [0, 0, r.offset] : [1, r.slot, r.offset]);

/** An integer: 0, value; a reference: 1, reference. */
const argument = (a: Argument): number[] => (typeof a === "number" ? [0, a] : [1, ...ref(a)]);

function launch(l: Launch): number[] {
  switch (l.op) {
    case "kernel":
      return [0, l.kernel, ...l.grid, ...l.block, l.args.length, ...l.args.flatMap(argument)];
    case "product":
      return [
        ...[1, DTYPES.indexOf(l.dtype), Number(l.tf32), l.m, l.n, l.k],
        ...[Number(l.transA), Number(l.transB), l.lda, l.ldb, l.ldc, Number(l.accumulate)],
        ...[l.count, l.strideA, l.strideB, l.strideC],
        ...[...ref(l.a), ...ref(l.b), ...ref(l.c)],
      ];
    case "zero":
      return [2, ...ref(l.at), l.bytes];
  }
}

/** Stream: LAUNCHES_VERSION, arenaBytes, slots (count; dtype, bytes each), launches (count; each preceded by the count of numbers that follow it). */
export function encodeLaunches(program: CudaProgram): Float64Array {
  const launches = program.launches.map(launch);
  return Float64Array.from([
    LAUNCHES_VERSION,
    program.arenaBytes,
    program.slots.length,
    ...program.slots.flatMap((slot) => [DTYPES.indexOf(slot.dtype), slot.bytes]),
    launches.length,
    ...launches.flatMap((numbers) => [numbers.length, ...numbers]),
  ]);
}
