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
import { type CompileSwitches, floatLeaves, laned, spec } from "./program-inputs.js";
import type { StepGraph } from "./step-programs.js";
import { type CarriedLanes, type Carry, FATE } from "./tangents.js";

/**
 * Z ← γ Z, shortened to the norm `clip`; zero where its norm is not finite.
 *
 * Inputs: laned tangents (in place), γ, clip. Outputs: norm before and fate, laned scalars.
 */
export function carryGraph(types: readonly Type[], lanes: number): StepGraph {
  const scalar: Type = { dtype: (types[0] as Type).dtype, shape: [], laned: false };
  const specs = [
    ...spec("tangent", types.map(laned)),
    { name: "decay", type: scalar },
    { name: "clip", type: scalar },
  ];
  const graph = traceFlat(specs, (xs) => {
    const tangents = xs.slice(0, types.length);
    const [decay, clip] = xs.slice(types.length) as [Tensor, Tensor];
    const squares = tangents.map((z) => sum(square(z)));
    const norm = sqrt(squares.reduce((a, b) => add(a, b)));
    const finite = lt(norm, full([], Number.POSITIVE_INFINITY, scalar.dtype));
    const long = gt(mul(decay, norm), clip);
    const factor = where(long, div(clip, norm), decay);
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

/** What forward mode needs to begin a window with the tangents of the one before. */
export class CarryOver {
  private readonly program: Executable;
  private readonly decay: DeviceArray;
  private readonly clip: DeviceArray;
  /** By chunk of lanes, [chunks, lanes]. */
  private readonly norms: DeviceArray;
  private readonly fates: DeviceArray;

  constructor(
    device: Device,
    private readonly memory: Memory,
    private readonly lanes: number,
    private readonly chunks: number,
    switches: CompileSwitches,
  ) {
    const { stateTypes } = memory.problem;
    const types = floatLeaves(stateTypes).map((i) => stateTypes[i] as Type);
    const { graph, options } = carryGraph(types, lanes);
    this.program = Executable.compile(device, graph, { ...options, ...switches });
    const { width } = memory;
    this.decay = memory.bytes(width);
    this.clip = memory.bytes(width);
    this.norms = memory.bytes(chunks * lanes * width);
    this.fates = memory.bytes(chunks * lanes * width);
  }

  /** Says how the next window begins; its job stays the same. */
  set({ decay, clip }: Carry): void {
    for (const [place, value] of [
      [this.decay, decay],
      [this.clip, clip],
    ] as const) {
      const data = allocate(this.memory.problem.dtype, 1);
      data[0] = value;
      place.buffer.write(data, 0);
    }
  }

  add(job: DeviceJob, chunk: number, tangents: readonly DeviceArray[]): void {
    const at = chunk * this.lanes * this.memory.width;
    job.call(
      this.program,
      [...tangents, this.decay, this.clip],
      [further(this.norms, at), further(this.fates, at)],
    );
  }

  read(): CarriedLanes {
    const q = this.memory.problem.hyper.size;
    const all = (from: DeviceArray) =>
      this.memory.readNumbers(from, this.chunks * this.lanes).slice(0, q);
    return { norms: all(this.norms), fates: all(this.fates) };
  }
}
