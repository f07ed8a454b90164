/** The program that carries tangents from one window into the next, and the numbers it works with. */
import { allocate } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import type { Type } from "../ir/types.js";
import { sum } from "../ops/broadcast.js";
import { full } from "../ops/constant.js";
import { add, div, gt, lt, mul, sqrt, square, where } from "../ops/elementwise.js";
import type { Device } from "../runtime/device.js";
import { type DeviceArray, type DeviceJob, Executable } from "../runtime/executable.js";
import { traceFlat } from "../trace/trace.js";
import { simplify } from "../transform/simplify.js";
import { further, type Memory } from "./memory.js";
import { type CompileSwitches, floatLeaves, groups, laned, spec } from "./program-inputs.js";
import type { Segment } from "./segment.js";
import type { StepGraph } from "./step-programs.js";
import { type CarriedLanes, type Carry, FATE } from "./tangents.js";

/** Inner steps from one clipping to the next. */
const CLIP_EVERY = 10;

/** The steps of a segment after which tangents are clipped: none between its points, which are to follow one law. */
export function clipsOf({ steps, last, carry }: Segment): number[] {
  if (!carry?.clips.some(Number.isFinite)) return [];
  const count = Math.floor(Math.min(steps - 1, steps - last) / CLIP_EVERY);
  return Array.from({ length: Math.max(0, count) }, (_, i) => (i + 1) * CLIP_EVERY);
}

/**
 * Z ← γ Z, shortened to its clip times the norm of the state, unless that is zero; zero where its own norm is not finite.
 *
 * Inputs: laned tangents (in place), the floating leaves of the state, γ, laned clips. Outputs: norm before and fate, laned scalars.
 */
export function carryGraph(types: readonly Type[], lanes: number): StepGraph {
  const scalar: Type = { dtype: (types[0] as Type).dtype, shape: [], laned: false };
  const specs = [
    ...spec("tangent", types.map(laned)),
    ...spec("state", types),
    { name: "decay", type: scalar },
    { name: "clip", type: laned(scalar) },
  ];
  const graph = traceFlat(specs, (xs) => {
    const [tangents, state, [decay, clip]] = groups(xs, types.length, types.length, 2) as [
      Tensor[],
      Tensor[],
      [Tensor, Tensor],
    ];
    const norm = normOf(tangents);
    const length = normOf(state);
    const infinity = full([], Number.POSITIVE_INFINITY, scalar.dtype);
    const limit = where(gt(length, 0), mul(clip, length), infinity);
    const finite = lt(norm, infinity);
    const long = gt(mul(decay, norm), limit);
    const factor = where(long, div(limit, norm), decay);
    const carried = full([], FATE.carried, scalar.dtype);
    const fate = where(finite, where(long, FATE.clipped, carried), FATE.reset);
    // Not a product with zero: NaN would stay NaN.
    return [...tangents.map((z) => where(finite, mul(z, factor), 0)), norm, fate];
  });
  const donate = new Map(types.map((_, i) => [i, i]));
  const lanedOutputs = graph.outputs.map(() => true);
  const name = `${lanes} tangents carried on`;
  return { graph: simplify(graph), options: { name, lanes, donate, lanedOutputs } };
}

function normOf(leaves: readonly Tensor[]): Tensor {
  return sqrt(leaves.map((leaf) => sum(square(leaf))).reduce((a, b) => add(a, b)));
}

/** What forward mode needs to begin a window with the tangents of the one before, and to keep them from growing without bound. */
export class CarryOver {
  private readonly program: Executable;
  private readonly state: readonly DeviceArray[];
  private readonly decay: DeviceArray;
  private readonly one: DeviceArray;
  /** [chunks, lanes] */
  private readonly clips: DeviceArray;
  /** [calls, chunks, lanes], of a window's beginning, then of its clippings. */
  private readonly norms: DeviceArray;
  private readonly fates: DeviceArray;

  constructor(
    device: Device,
    private readonly memory: Memory,
    private readonly lanes: number,
    private readonly chunks: number,
    { steps, switches }: { readonly steps: number; readonly switches: CompileSwitches },
  ) {
    const { stateTypes } = memory.problem;
    const floats = floatLeaves(stateTypes);
    const { graph, options } = carryGraph(
      floats.map((i) => stateTypes[i] as Type),
      lanes,
    );
    this.program = Executable.compile(device, graph, { ...options, ...switches });
    this.state = floats.map((i) => memory.state[i] as DeviceArray);
    const { width } = memory;
    this.decay = memory.bytes(width);
    this.one = memory.bytes(width);
    this.clips = memory.bytes(chunks * lanes * width);
    this.write(this.one, [1]);
    const calls = 1 + Math.floor(steps / CLIP_EVERY);
    this.norms = memory.bytes(calls * chunks * lanes * width);
    this.fates = memory.bytes(calls * chunks * lanes * width);
  }

  /** Says how the next window begins and how long its tangents may get; its job stays the same. */
  set({ decay, clips }: Carry): void {
    this.write(this.decay, [decay]);
    this.write(this.clips, clips);
  }

  private write(place: DeviceArray, values: ArrayLike<number>): void {
    const data = allocate(this.memory.problem.dtype, values.length);
    data.set(values);
    place.buffer.write(data, 0);
  }

  /** Of a window that begins with the tangents of the one before. */
  addBeginning(job: DeviceJob, chunk: number, tangents: readonly DeviceArray[]): void {
    this.add(job, 0, chunk, this.decay, tangents);
  }

  /** @param clip counts from 0 */
  addClip(job: DeviceJob, chunk: number, clip: number, tangents: readonly DeviceArray[]): void {
    this.add(job, 1 + clip, chunk, this.one, tangents);
  }

  private add(
    job: DeviceJob,
    call: number,
    chunk: number,
    decay: DeviceArray,
    tangents: readonly DeviceArray[],
  ): void {
    const bytes = this.lanes * this.memory.width;
    const at = (call * this.chunks + chunk) * bytes;
    job.call(
      this.program,
      [...tangents, ...this.state, decay, further(this.clips, chunk * bytes)],
      [further(this.norms, at), further(this.fates, at)],
    );
  }

  /** What became of the tangents in the segment just run; null where it carries none. */
  read(segment: Segment): CarriedLanes | null {
    const { carry } = segment;
    if (!carry) return null;
    const q = this.memory.problem.hyper.size;
    const width = this.chunks * this.lanes;
    const calls = 1 + clipsOf(segment).length;
    const begun = carry.decay > 0;
    const norms = new Float64Array(q);
    const fates = new Float64Array(q);
    if (begun) norms.set(this.memory.readNumbers(this.norms, q));
    const all = this.memory.readNumbers(this.fates, calls * width);
    for (let call = begun ? 0 : 1; call < calls; call++)
      for (let i = 0; i < q; i++)
        fates[i] = Math.max(fates[i] as number, all[call * width + i] as number);
    return { decay: carry.decay, norms, fates };
  }
}
