/** Memory by name: what steps refer to until the plan has given every buffer its place. */
import type { DType } from "../ir/types.js";
import type { LanedRef, Step, View } from "./program.js";

/** One contiguous block. `slot` is set when the caller provides it. */
export class Buffer {
  constructor(
    readonly dtype: DType,
    readonly bytes: number,
    public slot: number | undefined = undefined,
  ) {}
}

export interface BufferRef {
  readonly buffer: Buffer;
  /** Bytes from the buffer's start. */
  readonly offset: number;
}

export type BufferStep = Step<BufferRef>;

/** Rewrites every reference of a step. */
export function mapRefs<A, B>(step: Step<A>, f: (ref: A) => B): Step<B> {
  const view = (v: View<A>): View<B> => ({ ...v, ref: f(v.ref) });
  const laned = (l: LanedRef<A>): LanedRef<B> => ({ ...l, ref: f(l.ref) });
  const store = <S extends { view: View<A> }>(s: S) => ({ ...s, view: view(s.view) });
  switch (step.op) {
    case "map":
      return { ...step, loads: step.loads.map(view), stores: step.stores.map(store) };
    case "reduce":
      return { ...step, loads: step.loads.map(view), outputs: step.outputs.map(store) };
    case "argmax":
      return { ...step, x: f(step.x), y: f(step.y) };
    case "matmul":
      return {
        ...step,
        a: { ...step.a, ref: f(step.a.ref) },
        b: { ...step.b, ref: f(step.b.ref) },
        c: { ...step.c, ref: f(step.c.ref) },
      };
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad":
      return { ...step, a: laned(step.a), b: laned(step.b), out: laned(step.out) };
    case "gather":
    case "scatterAdd":
      return { ...step, index: f(step.index), table: laned(step.table), out: laned(step.out) };
    case "randomUniform":
      return { ...step, key: f(step.key), out: f(step.out) };
    case "blocks":
      return { ...step, slots: step.slots.map((s) => ({ ...s, ref: f(s.ref) })) };
    default: {
      const { b, ...rest } = step;
      return {
        ...rest,
        a: laned(step.a),
        out: laned(step.out),
        ...(b ? { b: laned(b) } : {}),
      };
    }
  }
}

export interface Accesses {
  readonly reads: BufferRef[];
  readonly writes: BufferRef[];
}

/** What a step reads and writes. An accumulating step reads its output, too. */
export function accesses(step: BufferStep): Accesses {
  switch (step.op) {
    case "map":
      return {
        reads: step.loads.map((v) => v.ref),
        writes: step.stores.map((s) => s.view.ref),
      };
    case "reduce":
      return {
        reads: step.loads.map((v) => v.ref),
        writes: step.outputs.map((s) => s.view.ref),
      };
    case "argmax":
      return { reads: [step.x], writes: [step.y] };
    case "matmul":
      return {
        reads: [step.a.ref, step.b.ref, ...(step.accumulate ? [step.c.ref] : [])],
        writes: [step.c.ref],
      };
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad":
      return {
        reads: [step.a.ref, step.b.ref, ...(step.accumulate ? [step.out.ref] : [])],
        writes: [step.out.ref],
      };
    case "gather":
    case "scatterAdd":
      return { reads: [step.index, step.table.ref], writes: [step.out.ref] };
    case "randomUniform":
      return { reads: [step.key], writes: [step.out] };
    case "blocks": {
      const [read, written] = [true, false].map((reads) =>
        step.slots.filter((s) => (s.access === "read") === reads).map((s) => s.ref),
      ) as [BufferRef[], BufferRef[]];
      return { reads: read, writes: written };
    }
    default:
      return { reads: [step.a.ref, ...(step.b ? [step.b.ref] : [])], writes: [step.out.ref] };
  }
}
