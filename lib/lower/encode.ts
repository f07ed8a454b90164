/**
 * Turns a program into one Float64Array, the form that `native/program.cc`
 * decodes. Every field is a number written in the order of the interfaces in
 * `program.ts`; lists are preceded by their length. Doubles hold integers
 * exactly up to 2^53, so offsets, strides and constants share one stream.
 */
import { SCALAR_OPS } from "../ir/scalar.js";
import { DTYPES } from "../ir/types.js";
import type {
  Expression,
  Instruction,
  LanedRef,
  Program,
  Ref,
  Step,
  View,
  Window2d,
} from "./program.js";

/** Raised whenever the stream's layout changes; the addon refuses another number. */
export const ENCODING_VERSION = 2;

const STEP_CODES: readonly Step["op"][] = [
  "map",
  "reduce",
  "argmax",
  "matmul",
  "conv2d",
  "conv2dInputGrad",
  "conv2dFilterGrad",
  "avgPool",
  "avgPoolGrad",
  "maxPool",
  "maxPoolGrad",
  "maxPoolTangent",
  "gather",
  "scatterAdd",
  "randomUniform",
  "blocks",
];
const REDUCE_KINDS = ["sum", "max", "min"] as const;
const SLOT_ACCESSES = ["read", "write", "sum"] as const;
/** 0 is `constant`, 1 is `iota`, then the scalar operations in the order of SCALAR_OPS. */
const INSTRUCTION_CODES: readonly string[] = ["constant", "iota", ...Object.keys(SCALAR_OPS)];

class Writer {
  readonly numbers: number[] = [];

  put(...values: number[]): this {
    for (const v of values) this.numbers.push(v);
    return this;
  }

  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.put(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** arena: [0, 0, byteOffset]; slot: [1, slot, byteOffset]. */
  ref(ref: Ref): this {
    return ref.space === "arena" ? this.put(0, 0, ref.offset) : this.put(1, ref.slot, ref.offset);
  }

  view(view: View): this {
    return this.ref(view.ref)
      .put(DTYPES.indexOf(view.dtype))
      .list(view.strides, (s) => this.put(s));
  }

  laned(operand: LanedRef): this {
    return this.ref(operand.ref).put(operand.laneStride);
  }

  instruction(instruction: Instruction): void {
    this.put(INSTRUCTION_CODES.indexOf(instruction.op));
    if (instruction.op === "constant") this.put(instruction.value);
    else if (instruction.op === "iota") this.put(instruction.dim);
    else this.put(...instruction.args);
  }

  expression(e: Expression): this {
    return this.put(DTYPES.indexOf(e.compute))
      .list(e.dims, (d) => this.put(d))
      .list(e.loads, (v) => this.view(v))
      .list(e.code, (i) => this.instruction(i));
  }

  window(w: Window2d): this {
    return this.put(w.n, w.h, w.w, w.c, w.kh, w.kw, w.o).put(
      w.strideH,
      w.strideW,
      w.padTop,
      w.padLeft,
      w.oh,
      w.ow,
    );
  }
}

function writeStep(out: Writer, step: Step): void {
  out.put(STEP_CODES.indexOf(step.op));
  const registerStore = (s: { register: number; view: View }) => {
    out.put(s.register).view(s.view);
  };
  switch (step.op) {
    case "map":
      out.expression(step).list(step.stores, registerStore);
      return;
    case "reduce":
      out
        .expression(step)
        .put(REDUCE_KINDS.indexOf(step.kind), step.reduced)
        .list(step.outputs, registerStore);
      return;
    case "argmax":
      out
        .put(DTYPES.indexOf(step.dtype), step.outer, step.axis, step.inner)
        .ref(step.x)
        .ref(step.y);
      return;
    case "matmul":
      out
        .put(DTYPES.indexOf(step.dtype), step.m, step.n, step.k)
        .put(Number(step.transA), Number(step.transB), step.lda, step.ldb, step.ldc)
        .put(Number(step.accumulate))
        .list(step.batch, (d) => out.put(d));
      for (const operand of [step.a, step.b, step.c])
        out.ref(operand.ref).list(operand.strides, (s) => out.put(s));
      return;
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad":
      out
        .put(DTYPES.indexOf(step.dtype))
        .window(step.window)
        .put(step.lanes, Number(step.accumulate))
        .laned(step.a)
        .laned(step.b)
        .laned(step.out);
      return;
    case "avgPool":
    case "avgPoolGrad":
    case "maxPool":
    case "maxPoolGrad":
    case "maxPoolTangent":
      out.put(DTYPES.indexOf(step.dtype)).window(step.window).put(step.lanes).laned(step.a);
      if (step.b) out.laned(step.b);
      out.laned(step.out);
      return;
    case "gather":
    case "scatterAdd":
      out
        .put(DTYPES.indexOf(step.dtype), step.count, step.rows, step.rowSize, step.lanes)
        .ref(step.index)
        .laned(step.table)
        .laned(step.out);
      return;
    case "randomUniform":
      out.put(DTYPES.indexOf(step.dtype), step.count, step.site).ref(step.key).ref(step.out);
      return;
    case "blocks":
      out.put(step.blocks, step.parts);
      writeProgram(out, step.program);
      for (const slot of step.slots)
        out
          .ref(slot.ref)
          .put(SLOT_ACCESSES.indexOf(slot.access), slot.blockStride, slot.partStride);
      return;
  }
}

/** arenaBytes, slots (dtype, bytes), steps (each preceded by the count of numbers that follow it). */
function writeProgram(out: Writer, program: Program): void {
  out.put(program.arenaBytes);
  out.list(program.slots, (slot) => out.put(DTYPES.indexOf(slot.dtype), slot.bytes));
  out.list(program.steps, (step) => {
    const body = new Writer();
    writeStep(body, step);
    out.put(body.numbers.length);
    for (const n of body.numbers) out.numbers.push(n);
  });
}

/** Stream: version, then the program. */
export function encode(program: Program): Float64Array {
  const out = new Writer().put(ENCODING_VERSION);
  writeProgram(out, program);
  return Float64Array.from(out.numbers);
}
