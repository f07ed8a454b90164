/**
 * Orders steps into launches. Generated kernels (maps and reductions) that do not wait for each other
 * share a launch, so they are held back until nothing else can go on. Small ones that wait for each
 * other are a chain, which one block of threads does by itself.
 */
import { Dependences } from "./dependences.js";
import { type CudaBufferStep, cudaAccesses } from "./steps.js";

export type GeneratedStep<S = CudaBufferStep> = Extract<
  S,
  { op: "map" | "reduce" | "partialReduce" }
>;

/** Waves of small steps, each after the one before, done by one block. */
export type Chain = readonly (readonly GeneratedStep[])[];

type StructuredStep = Exclude<CudaBufferStep, GeneratedStep>;

export type Stage =
  | { readonly kind: "step"; readonly step: StructuredStep }
  /** Steps of many blocks, and chains of one block each, all at once. */
  | { readonly kind: "kernel"; readonly steps: readonly GeneratedStep[]; readonly chain: Chain };

/**
 * A wave of a chain has so many elements, when the chain is done beside other steps and when it is
 * alone, with more threads: more would take longer than a launch.
 */
const WAVE_BESIDE = 4096;
const WAVE_ALONE = 16_384;

export const isGenerated = (step: CudaBufferStep): step is GeneratedStep =>
  step.op === "map" || step.op === "reduce" || step.op === "partialReduce";

const elements = ({ dims }: { dims: readonly number[] }) => dims.reduce((a, b) => a * b, 1);

const total = (steps: readonly GeneratedStep[]) =>
  steps.reduce((sum, step) => sum + elements(step), 0);

/** Maps that update what the caller gave, and that nothing but such maps waits for. */
function lastMaps(steps: readonly CudaBufferStep[], dependences: Dependences): Set<number> {
  const last = new Set<number>();
  for (const [node, step] of [...steps.entries()].reverse()) {
    if (step.op !== "map" || step.stores.some((s) => s.view.ref.buffer.slot === undefined))
      continue;
    if ([...dependences.successors(node)].every((n) => last.has(n))) last.add(node);
  }
  return last;
}

export function stages(steps: readonly CudaBufferStep[]): Stage[] {
  const dependences = new Dependences(steps.map(cudaAccesses));
  const last = lastMaps(steps, dependences);
  const done = new Set<number>();
  const left = new Set(steps.keys());
  const out: Stage[] = [];
  const at = (node: number) => steps[node] as CudaBufferStep;
  const generated = (nodes: readonly number[]) => nodes.map((n) => at(n) as GeneratedStep);
  const size = (node: number) => elements(at(node) as GeneratedStep);
  const waitsFor = (node: number) => [...dependences.predecessors(node)];
  const finish = (nodes: Iterable<number>) => {
    for (const node of nodes) {
      done.add(node);
      left.delete(node);
    }
  };
  const structured = () =>
    [...left].filter((n) => !isGenerated(at(n)) && waitsFor(n).every((p) => done.has(p)));
  /** Those that can be done now; with `taken`, after these and because of them. */
  const ready = (taken: ReadonlySet<number> = new Set()) => {
    const all = [...left].filter(
      (n) =>
        isGenerated(at(n)) &&
        !taken.has(n) &&
        waitsFor(n).every((p) => done.has(p) || taken.has(p)) &&
        (taken.size === 0 || waitsFor(n).some((p) => taken.has(p))),
    );
    // Early updates would gain nothing, but make every kernel another one.
    return [...left].every((n) => isGenerated(at(n))) ? all : all.filter((n) => !last.has(n));
  };

  /** Small steps that can follow each other from here on. */
  const chainFrom = (start: readonly number[], most: number): number[][] => {
    const waves: number[][] = [];
    const taken = new Set<number>();
    for (let wave = start; wave.length > 0; ) {
      if (total(generated(wave)) > most) break;
      waves.push([...wave]);
      for (const node of wave) taken.add(node);
      wave = ready(taken).filter((n) => size(n) <= most);
    }
    return waves;
  };

  while (left.size > 0) {
    for (let next = structured(); next.length > 0; next = structured()) {
      for (const node of next) out.push({ kind: "step", step: at(node) as StructuredStep });
      finish(next);
    }
    const now = ready();
    if (now.length === 0) continue;
    const alone = total(generated(now)) <= WAVE_ALONE;
    const small = alone ? now : now.filter((n) => size(n) <= WAVE_BESIDE);
    const large = now.filter((n) => !small.includes(n));
    const chain = chainFrom(small, alone ? WAVE_ALONE : WAVE_BESIDE);
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
