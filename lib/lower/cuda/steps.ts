/** The steps of a program for CUDA: those of the CPU, but convolutions in groups and reductions in parts. */
import { type Accesses, accesses, type BufferRef, mapRefs } from "../buffer.js";
import type {
  BlocksStep,
  ComputeType,
  ConvStep,
  Expression,
  LanedRef,
  ReduceStep,
  Ref,
  Step,
  View,
  Window2d,
} from "../program.js";

/** Two operands of a convolution, as `ConvStep` has them. */
export interface ConvTerm<R = Ref> {
  readonly a: LanedRef<R>;
  readonly b: LanedRef<R>;
}

/** out = Σ over terms of conv(a, b), for each lane (+ out when `accumulate`). */
export interface ConvJob<R = Ref> {
  readonly images: number;
  readonly lanes: number;
  /** One or two. */
  readonly terms: readonly ConvTerm<R>[];
  readonly out: LanedRef<R>;
  readonly accumulate: boolean;
  /** Elements from one part of the sum to the next; 0 when there is one part only. */
  readonly splitStride: number;
}

/**
 * Convolutions of one kind and geometry in one launch; `window.n` is not used. With `splits` > 1
 * (filter gradients) each part of the sum over pixels is written by itself.
 */
export interface ConvGroupStep<R = Ref> {
  readonly op: "convGroup";
  readonly kind: ConvStep["op"];
  readonly dtype: ComputeType;
  readonly window: Window2d;
  /** One or two. */
  readonly jobs: readonly ConvJob<R>[];
  readonly splits: number;
}

/**
 * The reduced dimensions, taken as one range, are cut into parts of `chunk`, the last of which may be
 * shorter. Output views have a stride for each kept dimension and one for the part.
 */
export interface PartialReduceStep<R = Ref> extends Expression<R> {
  readonly op: "partialReduce";
  readonly kind: ReduceStep["kind"];
  readonly reduced: number;
  readonly parts: number;
  readonly chunk: number;
  readonly outputs: readonly { readonly register: number; readonly view: View<R> }[];
}

export type CudaStep<R = Ref> =
  | Exclude<Step<R>, ConvStep<R> | BlocksStep<R>>
  | ConvGroupStep<R>
  | PartialReduceStep<R>;

export type CudaBufferStep = CudaStep<BufferRef>;

export function mapCudaRefs<A, B>(step: CudaStep<A>, f: (ref: A) => B): CudaStep<B> {
  const view = <S extends { view: View<A> }>(s: S) => ({
    ...s,
    view: { ...s.view, ref: f(s.view.ref) },
  });
  const laned = (l: LanedRef<A>): LanedRef<B> => ({ ...l, ref: f(l.ref) });
  switch (step.op) {
    case "convGroup":
      return {
        ...step,
        jobs: step.jobs.map((job) => ({
          ...job,
          terms: job.terms.map(({ a, b }) => ({ a: laned(a), b: laned(b) })),
          out: laned(job.out),
        })),
      };
    case "partialReduce":
      return {
        ...step,
        loads: step.loads.map((v) => ({ ...v, ref: f(v.ref) })),
        outputs: step.outputs.map(view),
      };
    default:
      return mapRefs(step, f) as CudaStep<B>;
  }
}

export function cudaAccesses(step: CudaBufferStep): Accesses {
  switch (step.op) {
    case "convGroup":
      return {
        reads: step.jobs.flatMap(({ terms, out, accumulate }) => [
          ...terms.flatMap(({ a, b }) => [a.ref, b.ref]),
          ...(accumulate ? [out.ref] : []),
        ]),
        writes: step.jobs.map((job) => job.out.ref),
      };
    case "partialReduce":
      return {
        reads: step.loads.map((v) => v.ref),
        writes: step.outputs.map((s) => s.view.ref),
      };
    default:
      return accesses(step);
  }
}
