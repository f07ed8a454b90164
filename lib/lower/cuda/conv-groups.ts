/**
 * Convolutions that share a launch. The tangent of a convolution is the sum of two, which become
 * one job with twice the terms; and it stands beside the convolution itself, whose operands it shares.
 */
import type { BufferRef, BufferStep } from "../buffer.js";
import type { ConvStep, Window2d } from "../program.js";
import { Dependences, memoryOf } from "./dependences.js";
import { type ConvGroupStep, type ConvJob, type CudaBufferStep, cudaAccesses } from "./steps.js";

type Group = ConvGroupStep<BufferRef>;
type Job = ConvJob<BufferRef>;

export function alone(step: ConvStep<BufferRef>): Group {
  const { dtype, window, lanes, accumulate, a, b, out } = step;
  return {
    op: "convGroup",
    kind: step.op,
    dtype,
    window,
    jobs: [{ images: window.n, lanes, terms: [{ a, b }], out, accumulate, splitStride: 0 }],
    splits: 1,
  };
}

/** Every convolution as a group of its own. There are no blocks of the batch here. */
export function convGroups(steps: readonly (BufferStep | Group)[]): CudaBufferStep[] {
  return steps.map((step) =>
    step.op === "conv2d" || step.op === "conv2dInputGrad" || step.op === "conv2dFilterGrad"
      ? alone(step)
      : (step as CudaBufferStep),
  );
}

const sameGeometry = (x: Group, y: Group) =>
  x.kind === y.kind &&
  x.dtype === y.dtype &&
  (Object.keys(x.window) as (keyof Window2d)[]).every(
    (field) => field === "n" || x.window[field] === y.window[field],
  );

const sameRef = (x: BufferRef, y: BufferRef) =>
  memoryOf(x.buffer) === memoryOf(y.buffer) && x.offset === y.offset;

/** Images that were lanes of fewer images, which share the kernel. */
function unfold({ kind, window }: Group, job: Job, lanes: number): Job | undefined {
  if (job.lanes === lanes) return job;
  if (job.lanes !== 1 || job.images % lanes !== 0 || kind === "conv2dFilterGrad") return undefined;
  const images = job.images / lanes;
  const x = images * window.h * window.w * window.c;
  const y = images * window.oh * window.ow * window.o;
  const [input, output] = kind === "conv2d" ? [x, y] : [y, x];
  return {
    ...job,
    images,
    lanes,
    terms: job.terms.map(({ a, b }) => ({ a: { ...a, laneStride: input }, b })),
    out: { ...job.out, laneStride: output },
  };
}

/** One job for a convolution and another one that adds to it. */
function sumOf(first: Group, second: Group): Group | undefined {
  if (!sameGeometry(first, second)) return undefined;
  const [p, q] = [first.jobs[0] as Job, second.jobs[0] as Job];
  const lanes = Math.max(p.lanes, q.lanes);
  const [x, y] = [unfold(first, p, lanes), unfold(second, q, lanes)];
  if (!x || !y || x.images !== y.images || x.out.laneStride !== y.out.laneStride) return undefined;
  if (!sameRef(x.out.ref, y.out.ref)) return undefined;
  return { ...first, jobs: [{ ...x, terms: [...x.terms, ...y.terms] }] };
}

const single = (step: CudaBufferStep | undefined): step is Group =>
  step?.op === "convGroup" && step.jobs.length === 1;

/** A list of steps in which some take in others. */
function rebuild(steps: readonly CudaBufferStep[], dependences: Dependences): CudaBufferStep[] {
  return dependences.order().map((at) => steps[at] as CudaBufferStep);
}

/** Sums of two convolutions become one job with two terms. */
export function pairTerms(steps: readonly CudaBufferStep[]): CudaBufferStep[] {
  const out = [...steps];
  const dependences = new Dependences(steps.map(cudaAccesses));
  const writer = new Map<unknown, number>();
  steps.forEach((step, at) => {
    if (single(step) && step.jobs[0]?.accumulate) {
      const from = writer.get(memoryOf(step.jobs[0].out.ref.buffer));
      const first = from === undefined ? undefined : out[from];
      const fits = single(first) && first.jobs[0]?.terms.length === 1;
      const sum = fits ? sumOf(first, step) : undefined;
      if (sum && dependences.adjacent(from as number, at)) {
        dependences.join(at, from as number);
        out[at] = sum;
      }
    }
    for (const { buffer } of cudaAccesses(step).writes) writer.set(memoryOf(buffer), at);
  });
  return rebuild(out, dependences);
}

const operands = ({ jobs }: Group): BufferRef[] =>
  jobs.flatMap((job) => job.terms.flatMap(({ a, b }) => [a.ref, b.ref]));

function sharedOperands(x: Group, y: Group): number {
  const theirs = operands(y);
  return operands(x).filter((ref) => theirs.some((other) => sameRef(ref, other))).length;
}

/** Convolutions of one geometry that share operands and do not wait for each other become one group. */
export function groupJobs(steps: readonly CudaBufferStep[]): CudaBufferStep[] {
  const out = [...steps];
  const dependences = new Dependences(steps.map(cudaAccesses));
  const free: number[] = [];
  steps.forEach((step, at) => {
    if (!single(step)) return;
    const rivals = free
      .map((other) => ({ other, group: out[other] as Group }))
      .filter(({ group }) => sameGeometry(group, step))
      .map(({ other, group }) => ({ other, group, shared: sharedOperands(group, step) }))
      .filter(({ shared }) => shared > 0)
      .sort((x, y) => y.shared - x.shared || y.other - x.other);
    const best = rivals.find(({ other }) => dependences.independent(other, at));
    if (!best) {
      free.push(at);
      return;
    }
    dependences.join(at, best.other);
    free.splice(free.indexOf(best.other), 1);
    out[at] = { ...step, jobs: [...best.group.jobs, ...step.jobs] };
  });
  return rebuild(out, dependences);
}
