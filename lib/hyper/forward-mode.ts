/**
 * Forward mode: tangents Z = dθ/dφ travel with the state, one lane per
 * hyperparameter, and meet the criterion's gradient at each point:
 * h_t = Z_tᵀ ∇ℓ̃(θ_t) + ∂_φ ℓ̃. More lanes than run together run in chunks, each
 * of which replays the window from the same state. Chunks whose tangents are carried
 * into the next window each keep their own.
 */
import { allocate } from "../ir/array.js";
import type { Type } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import type { DeviceArray, DeviceJob, Executable } from "../runtime/executable.js";
import { CarryOver, clipsOf } from "./carry.js";
import type { Criterion } from "./criterion.js";
import { contractionProgram } from "./criterion-programs.js";
import { bytesOf, further, type Memory } from "./memory.js";
import type { Mode } from "./mode.js";
import { type CompileSwitches, floatLeaves } from "./program-inputs.js";
import { upload } from "./resident.js";
import type { Segment } from "./segment.js";

interface LaneChunk {
  /** Raw-hyperparameter directions, one-hot over the lanes. */
  readonly seeds: readonly DeviceArray[];
  readonly tangents: readonly DeviceArray[];
  /** [points, lanes] */
  readonly trajectory: DeviceArray;
}

export interface ForwardOptions {
  readonly device: Device;
  readonly memory: Memory;
  readonly criterion: Criterion;
  readonly criterionLoss: DeviceArray;
  readonly step: Executable;
  readonly lanes: number;
  /** Most steps of a segment, and most points. */
  readonly steps: number;
  readonly last: number;
  /** Whether segments may begin with the tangents of the one before. */
  readonly carries: boolean;
  readonly switches: CompileSwitches;
}

export class ForwardMode implements Mode {
  readonly name = "forward";
  readonly lanes: number;
  readonly carryOver: CarryOver | undefined;
  private readonly memory: Memory;
  private readonly floats: readonly number[];
  private readonly gradients: readonly (readonly DeviceArray[])[];
  private readonly chunks: readonly LaneChunk[];
  private readonly contraction: Executable;

  constructor(private readonly options: ForwardOptions) {
    const { device, memory, criterion, lanes, last, carries, switches } = options;
    const { problem } = memory;
    const chunkCount = Math.ceil(problem.hyper.size / lanes);
    // With one chunk of lanes a gradient is used at once; with more, each chunk's replay needs all n again.
    const stored = chunkCount > 1 ? last : 1;
    this.memory = memory;
    this.lanes = lanes;
    this.floats = floatLeaves(problem.stateTypes);
    this.gradients = Array.from({ length: stored }, () =>
      criterion.gradientTypes.map((t) => memory.array(t)),
    );
    this.contraction = contractionProgram(device, problem, criterion.gradient, lanes, switches);
    const tangents = () =>
      this.floats.map((i) => memory.array(problem.stateTypes[i] as Type, lanes));
    const shared = carries ? undefined : tangents();
    this.chunks = Array.from({ length: chunkCount }, (_, c) => ({
      seeds: this.seeds(c * lanes),
      tangents: shared ?? tangents(),
      trajectory: memory.bytes(last * lanes * memory.width),
    }));
    if (carries) this.carryOver = new CarryOver(device, memory, lanes, chunkCount, options);
  }

  get stopsCleanly(): boolean {
    return this.chunks.length === 1;
  }

  /** Lane `l` points along entry `first + l` of φ; lanes beyond the last entry point nowhere. */
  private seeds(first: number): DeviceArray[] {
    const { problem } = this.memory;
    return problem.hyper.leaves.map(({ offset, size }) => {
      const seed = allocate(problem.dtype, this.lanes * size);
      for (let lane = 0; lane < this.lanes; lane++) {
        const entry = first + lane - offset;
        if (entry >= 0 && entry < size) seed[lane * size + entry] = 1;
      }
      return upload(this.options.device, seed);
    });
  }

  addSegment(job: DeviceJob, segment: Segment, afterStep: (done: number) => void): void {
    const { steps, last, carry } = segment;
    const replays = this.chunks.length > 1;
    if (replays) this.memory.save(job, "window");
    this.chunks.forEach((chunk, pass) => {
      if (pass > 0) this.memory.restore(job, "window");
      if (carry && carry.decay > 0) this.carryOver?.addBeginning(job, pass, chunk.tangents);
      else this.zero(job, chunk.tangents);
      const clips = clipsOf(segment);
      for (let t = 0; t < steps; t++) {
        const directions = [...chunk.tangents, ...chunk.seeds];
        job.call(
          this.options.step,
          [...this.memory.stepInputs(t), ...directions],
          [this.memory.loss(t)],
        );
        if (pass === this.chunks.length - 1) afterStep(t + 1);
        const clip = clips.indexOf(t + 1);
        if (clip >= 0) this.carryOver?.addClip(job, pass, clip, chunk.tangents);
        const point = t - (steps - last);
        if (point >= 0) this.addPoint(job, chunk, pass, point);
      }
    });
  }

  private zero(job: DeviceJob, tangents: readonly DeviceArray[]): void {
    tangents.forEach((tangent, i) => {
      const type = this.memory.problem.stateTypes[this.floats[i] as number] as Type;
      job.zero(tangent, bytesOf(type, this.lanes));
    });
  }

  /** The criterion's gradient (in the first pass) and its contraction with the tangents. */
  private addPoint(job: DeviceJob, chunk: LaneChunk, pass: number, point: number): void {
    const { width } = this.memory;
    const { criterion, criterionLoss } = this.options;
    const { stateLeaves, hyperLeaves } = criterion.gradient;
    const gradients = this.gradients[point % this.gradients.length] as readonly DeviceArray[];
    if (pass === 0) criterion.addGradient(job, further(criterionLoss, point * width), gradients);
    const directions = [
      ...stateLeaves.map((leaf) => chunk.tangents[this.floats.indexOf(leaf)] as DeviceArray),
      ...hyperLeaves.map((i) => chunk.seeds[i] as DeviceArray),
    ];
    const row = further(chunk.trajectory, point * this.lanes * width);
    job.call(this.contraction, [...directions, ...gradients], [row]);
  }

  readTrajectory(points: number): Float64Array {
    const q = this.memory.problem.hyper.size;
    const all = new Float64Array(points * q);
    this.chunks.forEach(({ trajectory }, c) => {
      const part = this.memory.readNumbers(trajectory, points * this.lanes);
      const first = c * this.lanes;
      for (let p = 0; p < points; p++)
        for (let lane = 0; lane < this.lanes && first + lane < q; lane++)
          all[p * q + first + lane] = part[p * this.lanes + lane] as number;
    });
    return all;
  }
}
