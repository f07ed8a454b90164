/**
 * Orders steps into launches. Generated kernels (maps and reductions) that do not wait for each other
 * share a launch, so they are held back until nothing else can go on. Small ones that wait for each
 * other are a chain, which one block of threads does by itself.
 */
import { Dependences } from "./dependences.js";
import { type CudaBufferStep, cudaAccesses, type PartialReduceStep } from "./steps.js";

export type GeneratedStep<S = CudaBufferStep> = Extract<
  S,
  { op: "map" | "reduce" | "partialReduce" }
>;

/** Waves of small steps, each after the one before, done by one block. */
export type Chain = readonly (readonly GeneratedStep[])[];

export type Stage =
  | { readonly kind: "step"; readonly step: Exclude<CudaBufferStep, GeneratedStep> }
  /** Steps of many blocks, and chains of one block each, all at once. */
  | { readonly kind: "kernel"; readonly steps: readonly GeneratedStep[]; readonly chain: Chain };

/** A step of so many elements may be part of a chain, */
const SMALL = 4096;
/** which has so many in all, when it is done beside other steps, and alone. */
const CHAIN_BESIDE = 4096;
const CHAIN_ALONE = 16_384;

export const isGenerated = (step: CudaBufferStep): step is GeneratedStep =>
  step.op === "map" || step.op === "reduce" || step.op === "partialReduce";

const elements = ({ dims }: { dims: readonly number[] }) => dims.reduce((a, b) => a * b, 1);

const total = (steps: readonly PartialReduceStep[] | readonly GeneratedStep[]) =>
  steps.reduce((sum, step) => sum + elements(step), 0);

export function stages(steps: readonly CudaBufferStep[]): Stage[] {
  const dependences = new Dependences(steps.map(cudaAccesses));
  const done = new Set<number>();
  const left = new Set(steps.keys());
  const out: Stage[] = [];
  const at = (node: number) => steps[node] as CudaBufferStep;
  const ready = (generated: boolean, also?: ReadonlySet<number>) =>
    [...left].filter(
      (node) =>
        isGenerated(at(node)) === generated &&
        !also?.has(node) &&
        [...dependences.predecessors(node)].every((n) => done.has(n) || also?.has(n)),
    );
  const finish = (nodes: Iterable<number>) => {
    for (const node of nodes) {
      done.add(node);
      left.delete(node);
    }
  };
  const generated = (nodes: readonly number[]) => nodes.map((n) => at(n) as GeneratedStep);

  /** Small steps that can follow each other from here on. */
  const chainFrom = (start: readonly number[], most: number): number[][] => {
    const waves: number[][] = [];
    const taken = new Set<number>();
    let room = most;
    for (let wave = start; wave.length > 0; ) {
      room -= total(generated(wave));
      if (room < 0) break;
      waves.push([...wave]);
      for (const node of wave) taken.add(node);
      wave = ready(true, taken).filter((n) => elements(at(n) as GeneratedStep) <= SMALL);
      // What was ready all along is not of this chain.
      wave = wave.filter((n) => [...dependences.predecessors(n)].some((p) => taken.has(p)));
    }
    return waves;
  };

  while (left.size > 0) {
    for (let next = ready(false); next.length > 0; next = ready(false)) {
      for (const node of next)
        out.push({ kind: "step", step: at(node) as Exclude<CudaBufferStep, GeneratedStep> });
      finish(next);
    }
    const now = ready(true);
    if (now.length === 0) continue;
    const small = now.filter((n) => elements(at(n) as GeneratedStep) <= SMALL);
    const large = now.filter((n) => !small.includes(n));
    const chain = chainFrom(small, large.length > 0 ? CHAIN_BESIDE : CHAIN_ALONE);
    if (chain.length < 2) {
      out.push({ kind: "kernel", steps: generated(now), chain: [] });
      finish(now);
    } else {
      out.push({ kind: "kernel", steps: generated(large), chain: chain.map(generated) });
      finish([...large, ...chain.flat()]);
    }
  }
  return out;
}
