/**
 * Orders steps into launches. Generated kernels (maps and reductions) that do not wait for each other
 * share a launch, so they are held back until nothing else can go on. Small ones that wait for each
 * other are a chain, which one block of threads does by itself.
 */
import { Dependences } from "./dependences.js";
import { MOST_POINTERS } from "./machine.js";
import { type CudaBufferStep, type CudaStep, cudaAccesses } from "./steps.js";

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

export const operands = (step: GeneratedStep<CudaStep<unknown>>): number =>
  step.loads.length + (step.op === "map" ? step.stores : step.outputs).length;

export function stages(steps: readonly CudaBufferStep[]): Stage[] {
  return new Staging(steps).run();
}

class Staging {
  private readonly dependences: Dependences;
  private readonly last: ReadonlySet<number>;
  /** How many steps each one still waits for. */
  private readonly waiting: number[];
  /** Steps that wait for none. */
  private readonly structured = new Set<number>();
  private readonly generated = new Set<number>();
  private structuredLeft: number;

  constructor(private readonly steps: readonly CudaBufferStep[]) {
    this.dependences = new Dependences(steps.map(cudaAccesses));
    this.last = lastMaps(steps, this.dependences);
    this.waiting = steps.map((_, node) => this.dependences.predecessors(node).size);
    this.structuredLeft = steps.filter((step) => !isGenerated(step)).length;
    for (const node of steps.keys()) if (this.waiting[node] === 0) this.release(node);
  }

  run(): Stage[] {
    const out: Stage[] = [];
    while (this.structured.size + this.generated.size > 0) {
      while (this.structured.size > 0)
        for (const node of sorted(this.structured)) {
          out.push({ kind: "step", step: this.steps[node] as StructuredStep });
          this.finish(node);
        }
      const kernel = this.kernel();
      if (kernel) out.push(kernel);
    }
    return out;
  }

  private release(node: number): void {
    const kind = isGenerated(this.steps[node] as CudaBufferStep) ? this.generated : this.structured;
    kind.add(node);
  }

  private finish(node: number): void {
    if (this.structured.delete(node)) this.structuredLeft--;
    this.generated.delete(node);
    for (const n of this.dependences.successors(node)) {
      (this.waiting[n] as number)--;
      if (this.waiting[n] === 0) this.release(n);
    }
  }

  private step(node: number): GeneratedStep {
    return this.steps[node] as GeneratedStep;
  }

  private size(nodes: readonly number[]): number {
    return nodes.reduce((sum, node) => sum + elements(this.step(node)), 0);
  }

  /** Early updates would gain nothing, but make every kernel another one. */
  private mayGo = (node: number) => this.structuredLeft === 0 || !this.last.has(node);

  private kernel(): Stage | undefined {
    const now = sorted(this.generated).filter(this.mayGo);
    if (now.length === 0) return undefined;
    const alone = this.size(now) <= WAVE_ALONE;
    const small = alone ? now : now.filter((node) => this.size([node]) <= WAVE_BESIDE);
    const chain = this.chainFrom(small, alone ? WAVE_ALONE : WAVE_BESIDE);
    const inChain = new Set(chain.length > 1 ? chain.flat() : []);
    const beside = now.filter((node) => !inChain.has(node));
    for (const node of [...beside, ...inChain]) this.finish(node);
    const step = (node: number) => this.step(node);
    return {
      kind: "kernel",
      steps: beside.map(step),
      chain: inChain.size > 0 ? chain.map((wave) => wave.map(step)) : [],
    };
  }

  /** Small steps that can follow each other from here on. */
  private chainFrom(start: readonly number[], most: number): number[][] {
    const waves: number[][] = [];
    const met = new Map<number, number>();
    let pointers = 0;
    for (let wave = start; wave.length > 0; ) {
      pointers += wave.reduce((sum, node) => sum + operands(this.step(node)), 0);
      if (this.size(wave) > most || pointers > MOST_POINTERS) break;
      waves.push([...wave]);
      const next: number[] = [];
      for (const node of wave)
        for (const n of this.dependences.successors(node)) {
          met.set(n, (met.get(n) ?? 0) + 1);
          if (met.get(n) === this.waiting[n]) next.push(n);
        }
      wave = next
        .filter((n) => isGenerated(this.steps[n] as CudaBufferStep))
        .filter((n) => this.mayGo(n) && this.size([n]) <= most)
        .sort((a, b) => a - b);
    }
    return waves;
  }
}

const sorted = (nodes: ReadonlySet<number>) => [...nodes].sort((a, b) => a - b);
