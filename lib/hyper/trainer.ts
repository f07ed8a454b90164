/**
 * Training on the device: state, tangents and data stay there, and one native
 * call runs a whole window. This file owns the memory of a study and writes
 * the jobs; what the numbers mean is decided above it.
 */
import { totalmem } from "node:os";
import { allocate, type HostArray } from "../ir/array.js";
import { BYTES, sizeOf, type Type } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import { type DeviceArray, DeviceJob, type Executable } from "../runtime/executable.js";
import type { Problem } from "./problem.js";
import {
  type CompileSwitches,
  type CriterionProgram,
  contractionProgram,
  criterionProgram,
  floatLeaves,
  type MetricsFunction,
  metricsProgram,
  stepProgram,
} from "./programs.js";
import { type Chunks, type Examples, upload, uploadChunks } from "./resident.js";

/** Lanes that run together unless the caller says otherwise. */
const DEFAULT_LANES = 32;
/** Encoded jobs kept for the next window; playouts need a new one each time. */
const JOBS_KEPT = 4;
/** Share of the machine's memory that one program's scratch may take before lanes run in smaller chunks. */
const ARENA_SHARE = 0.25;

export interface TrainerOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Longest run of steps that one call will be asked for, and most hypergradients at its end. */
  readonly longest: number;
  readonly last: number;
  /** Examples of the validation data per chunk. */
  readonly criterionBatch: number;
  /** Most lanes per chunk. */
  readonly lanes?: number;
  readonly switches?: CompileSwitches;
}

export interface Run {
  /** Steps whose effect the state now holds. */
  readonly steps: number;
  readonly aborted: boolean;
  /** Reported loss before each step; null when the step reports none. */
  readonly losses: Float64Array | null;
  /** Criterion at the last points. */
  readonly criterion: Float64Array;
  /** Row-major [points, q]; empty without lanes. */
  readonly trajectory: Float64Array;
}

export interface Segment {
  readonly steps: number;
  /** Hypergradients after the last this many steps; 0 runs without tangents. */
  readonly last: number;
  /** Goes back to the state after this many steps once the segment is done. */
  readonly returnTo?: number;
}

interface LaneChunk {
  /** Raw-hyperparameter directions, one-hot over the lanes. */
  readonly seeds: readonly DeviceArray[];
  /** [points, lanes] */
  readonly trajectory: DeviceArray;
}

export class Trainer {
  private readonly chunks: Chunks;
  private readonly state: readonly DeviceArray[];
  private readonly raw: readonly DeviceArray[];
  private readonly data: readonly DeviceArray[];
  private readonly index: DeviceArray;
  private readonly counters: DeviceArray;
  private readonly keys: DeviceArray;
  private readonly losses: DeviceArray;
  private readonly criterionLoss: DeviceArray;
  private readonly plain: { executable: Executable; reportsLoss: boolean };
  private readonly value: Executable;
  private readonly tangentParts: TangentParts | undefined;
  private readonly saved = new Map<string, readonly DeviceArray[]>();
  private readonly jobs = new Map<string, DeviceJob>();

  constructor(
    private readonly device: Device,
    private readonly problem: Problem,
    train: Examples,
    validation: Examples,
    private readonly options: TrainerOptions,
  ) {
    const { batchSize, longest, last, switches = {} } = options;
    const int = BYTES.int32;
    this.chunks = uploadChunks(device, validation, options.criterionBatch, problem.dtype);
    this.state = problem.initial.map(({ data }) => upload(device, data));
    this.raw = problem.hyperTypes.map((t) => this.memory(t));
    this.data = train.leaves.map(({ data }) => upload(device, data));
    this.index = this.bytes(longest * batchSize * int);
    this.counters = this.bytes(longest * int);
    this.keys = this.bytes(longest * 2 * int);
    this.losses = this.bytes(longest * this.width);
    this.criterionLoss = this.bytes(Math.max(1, last) * this.width);
    this.plain = stepProgram(device, problem, train, batchSize, 0, switches);
    this.value = criterionProgram(device, problem, this.chunks, false, switches).executable;
    if (last > 0) this.tangentParts = this.makeTangents(train, switches);
  }

  /** Lanes that run together. */
  get lanes(): number {
    return this.tangentParts?.lanes ?? 0;
  }

  /** Kernel calls of one step, without and with lanes. */
  get launches(): { plain: number; laned: number } {
    return {
      plain: this.plain.executable.launches,
      laned: this.tangentParts?.step.launches ?? 0,
    };
  }

  private get width(): number {
    return BYTES[this.problem.dtype];
  }

  private bytes(count: number): DeviceArray {
    return { buffer: this.device.allocate(count), offset: 0 };
  }

  private memory(type: Type, copies = 1): DeviceArray {
    return this.bytes(BYTES[type.dtype] * sizeOf(type.shape) * copies);
  }

  private makeTangents(train: Examples, switches: CompileSwitches): TangentParts {
    const { device, problem, chunks } = this;
    const q = problem.hyper.size;
    let lanes = Math.min(q, this.options.lanes ?? DEFAULT_LANES);
    const compile = () =>
      stepProgram(device, problem, train, this.options.batchSize, lanes, switches).executable;
    let step = compile();
    while (lanes > 1 && step.lowered.program.arenaBytes > ARENA_SHARE * totalmem()) {
      lanes = Math.ceil(lanes / 2);
      step = compile();
    }
    const criterion = criterionProgram(device, problem, chunks, true, switches);
    const floats = floatLeaves(problem.stateTypes);
    const chunkCount = Math.ceil(q / lanes);
    const gradientTypes = [
      ...criterion.stateLeaves.map((i) => problem.stateTypes[i] as Type),
      ...criterion.hyperLeaves.map((i) => problem.hyperTypes[i] as Type),
    ];
    // With one chunk of lanes a gradient is used at once; with more, each chunk's replay needs all n again.
    const stored = chunkCount > 1 ? this.options.last : 1;
    return {
      lanes,
      step,
      criterion,
      contraction: contractionProgram(device, problem, criterion, lanes, switches),
      tangents: floats.map((i) => this.memory(problem.stateTypes[i] as Type, lanes)),
      floats,
      gradientTypes,
      gradients: Array.from({ length: stored }, () => gradientTypes.map((t) => this.memory(t))),
      laneChunks: Array.from({ length: chunkCount }, (_, c) => ({
        seeds: this.seeds(c * lanes, lanes),
        trajectory: this.bytes(this.options.last * lanes * this.width),
      })),
    };
  }

  /** Lane `l` points along entry `first + l` of φ; lanes beyond the last entry point nowhere. */
  private seeds(first: number, lanes: number): DeviceArray[] {
    return this.problem.hyper.leaves.map(({ offset, size }) => {
      const seed = allocate(this.problem.dtype, lanes * size);
      for (let lane = 0; lane < lanes; lane++) {
        const entry = first + lane - offset;
        if (entry >= 0 && entry < size) seed[lane * size + entry] = 1;
      }
      return upload(this.device, seed);
    });
  }

  /** Sets the unconstrained hyperparameters. */
  setHyper(phi: Float64Array): void {
    this.problem.hyper.leaves.forEach(({ offset, size }, i) => {
      const data = allocate(this.problem.dtype, size);
      data.set(phi.subarray(offset, offset + size));
      (this.raw[i] as DeviceArray).buffer.write(data, 0);
    });
  }

  /** The training state, copied to the host. */
  readState(): HostArray[] {
    return this.problem.initial.map(({ shape }, i) => {
      const data = allocate((this.problem.stateTypes[i] as Type).dtype, sizeOf(shape));
      (this.state[i] as DeviceArray).buffer.read(data, 0);
      return { data, shape };
    });
  }

  /** Puts the state back to what the problem started with. */
  reset(): void {
    this.problem.initial.forEach(({ data }, i) => {
      (this.state[i] as DeviceArray).buffer.write(data, 0);
    });
  }

  /** Trains on the given batches, first to last; `indexOf(t)` gives the examples of step `t`, counted from the start of training. */
  async run(
    segment: Segment,
    firstStep: number,
    indexOf: (step: number) => Int32Array,
    signal?: AbortSignal,
  ): Promise<Run> {
    const { steps } = segment;
    this.writeSchedule(steps, firstStep, indexOf);
    const job = this.jobFor(segment);
    const done = await job.run(signal);
    const aborted = done < job.commands;
    const replays = segment.last > 0 && (this.tangentParts?.laneChunks.length ?? 0) > 1;
    const rewinds = replays || segment.returnTo !== undefined;
    if (aborted && rewinds) this.cached("rewind", (undo) => this.restore(undo, "start")).runSync();
    const ran = aborted ? (rewinds ? 0 : this.stepsWithin(segment, done)) : steps;
    const points = aborted ? 0 : Math.min(segment.last, steps);
    return {
      steps: aborted ? ran : (segment.returnTo ?? steps),
      aborted,
      losses: this.plain.reportsLoss ? this.readNumbers(this.losses, ran) : null,
      criterion: this.readNumbers(this.criterionLoss, points),
      trajectory: this.readTrajectory(points),
    };
  }

  /** The criterion over all validation data, for the state as it is. */
  async criterion(signal?: AbortSignal): Promise<number> {
    const job = this.cached("criterion", (job) => this.addCriterion(job, this.criterionLoss));
    await job.run(signal);
    return this.readNumbers(this.criterionLoss, 1)[0] as number;
  }

  /** Compiles an evaluation: means of per-example metrics over a data set. */
  evaluation(
    examples: Examples,
    metrics: MetricsFunction,
  ): (signal?: AbortSignal) => Promise<Float64Array> {
    const { device, problem, options } = this;
    const chunks = uploadChunks(device, examples, options.criterionBatch, problem.dtype);
    const { executable, count } = metricsProgram(
      device,
      problem,
      chunks,
      metrics,
      options.switches ?? {},
    );
    const means = this.bytes(count * this.width);
    const job = new DeviceJob(device);
    job.zero(means, count * this.width);
    for (let c = 0; c < chunks.count; c++)
      job.call(executable, [...this.state, ...chunks.leaves(c), chunks.weights(c), means]);
    return async (signal) => {
      await job.run(signal);
      return this.readNumbers(means, count);
    };
  }

  private writeSchedule(
    steps: number,
    firstStep: number,
    indexOf: (step: number) => Int32Array,
  ): void {
    const { batchSize, seed } = this.options;
    const index = new Int32Array(steps * batchSize);
    const counters = new Int32Array(steps);
    const keys = new Int32Array(steps * 2);
    for (let t = 0; t < steps; t++) {
      index.set(indexOf(firstStep + t), t * batchSize);
      counters[t] = firstStep + t;
      keys.set([seed, firstStep + t], t * 2);
    }
    this.index.buffer.write(index, 0);
    this.counters.buffer.write(counters, 0);
    this.keys.buffer.write(keys, 0);
  }

  private cached(key: string, build: (job: DeviceJob) => void): DeviceJob {
    const known = this.jobs.get(key);
    if (known) return known;
    const job = new DeviceJob(this.device);
    build(job);
    this.jobs.set(key, job);
    for (const oldest of this.jobs.keys()) {
      if (this.jobs.size <= JOBS_KEPT) break;
      this.jobs.delete(oldest);
    }
    return job;
  }

  private jobFor(segment: Segment): DeviceJob {
    const { steps, last, returnTo } = segment;
    return this.cached(`${steps}/${last}/${returnTo}`, (job) => {
      const parts = last > 0 ? this.tangentParts : undefined;
      const passes = parts ? parts.laneChunks.length : 1;
      if (passes > 1 || returnTo !== undefined) this.save(job, "start");
      for (let pass = 0; pass < passes; pass++) {
        if (pass > 0) this.restore(job, "start");
        if (parts) this.zeroTangents(job, parts);
        for (let t = 0; t < steps; t++) {
          this.addStep(job, t, parts, pass);
          if (parts && t >= steps - last) this.addPoint(job, parts, pass, t - (steps - last));
          if (t + 1 === returnTo && pass === passes - 1) this.save(job, "return");
        }
      }
      if (returnTo !== undefined) this.restore(job, "return");
    });
  }

  /** Whole steps among the first commands of a job that neither saves nor replays. */
  private stepsWithin(segment: Segment, commands: number): number {
    const parts = segment.last > 0 ? this.tangentParts : undefined;
    const before = parts ? parts.tangents.length : 0;
    const perPoint = parts ? 2 + parts.gradientTypes.length + this.chunks.count : 0;
    let left = commands - before;
    let steps = 0;
    while (left > 0 && steps < segment.steps) {
      steps++;
      left -= 1 + (steps > segment.steps - segment.last ? perPoint : 0);
    }
    return steps;
  }

  private zeroTangents(job: DeviceJob, { tangents, floats, lanes }: TangentParts): void {
    tangents.forEach((tangent, i) => {
      const type = this.problem.stateTypes[floats[i] as number] as Type;
      job.zero(tangent, BYTES[type.dtype] * sizeOf(type.shape) * lanes);
    });
  }

  private addStep(job: DeviceJob, t: number, parts: TangentParts | undefined, pass: number): void {
    const int = BYTES.int32;
    const inputs = [
      ...this.state,
      ...this.raw,
      ...this.data,
      at(this.index, t * this.options.batchSize * int),
      at(this.counters, t * int),
      at(this.keys, t * 2 * int),
    ];
    const loss = at(this.losses, t * this.width);
    if (parts) {
      const { seeds } = parts.laneChunks[pass] as LaneChunk;
      job.call(parts.step, [...inputs, ...parts.tangents, ...seeds], [loss]);
    } else job.call(this.plain.executable, inputs, [loss]);
  }

  /** The criterion's gradient (in the first pass) and its contraction with the tangents. */
  private addPoint(job: DeviceJob, parts: TangentParts, pass: number, point: number): void {
    const { criterion, gradientTypes, lanes, floats } = parts;
    const gradients = parts.gradients[point % parts.gradients.length] as readonly DeviceArray[];
    if (pass === 0) {
      const loss = at(this.criterionLoss, point * this.width);
      job.zero(loss, this.width);
      gradients.forEach((g, i) => {
        const { dtype, shape } = gradientTypes[i] as Type;
        job.zero(g, BYTES[dtype] * sizeOf(shape));
      });
      this.addChunks(job, criterion.executable, [loss, ...gradients]);
    }
    const { seeds, trajectory } = parts.laneChunks[pass] as LaneChunk;
    const directions = [
      ...criterion.stateLeaves.map((leaf) => parts.tangents[floats.indexOf(leaf)] as DeviceArray),
      ...criterion.hyperLeaves.map((i) => seeds[i] as DeviceArray),
    ];
    const row = at(trajectory, point * lanes * this.width);
    job.call(parts.contraction, [...directions, ...gradients], [row]);
  }

  private addCriterion(job: DeviceJob, loss: DeviceArray): void {
    job.zero(loss, this.width);
    this.addChunks(job, this.value, [loss]);
  }

  private addChunks(job: DeviceJob, program: Executable, accumulated: DeviceArray[]): void {
    for (let c = 0; c < this.chunks.count; c++)
      job.call(program, [
        ...this.state,
        ...this.raw,
        ...this.chunks.leaves(c),
        this.chunks.weights(c),
        ...accumulated,
      ]);
  }

  private place(name: string): readonly DeviceArray[] {
    const known = this.saved.get(name) ?? this.problem.stateTypes.map((t) => this.memory(t));
    this.saved.set(name, known);
    return known;
  }

  private save(job: DeviceJob, name: string): void {
    this.copyAll(job, this.state, this.place(name));
  }

  private restore(job: DeviceJob, name: string): void {
    this.copyAll(job, this.place(name), this.state);
  }

  private copyAll(job: DeviceJob, from: readonly DeviceArray[], to: readonly DeviceArray[]): void {
    this.problem.stateTypes.forEach(({ dtype, shape }, i) => {
      job.copy(from[i] as DeviceArray, to[i] as DeviceArray, BYTES[dtype] * sizeOf(shape));
    });
  }

  private readNumbers(from: DeviceArray, count: number): Float64Array {
    const data = allocate(this.problem.dtype, count);
    if (count > 0) from.buffer.read(data, from.offset);
    return Float64Array.from(data);
  }

  private readTrajectory(points: number): Float64Array {
    const q = this.problem.hyper.size;
    const all = new Float64Array(points * q);
    const lanes = this.lanes;
    this.tangentParts?.laneChunks.forEach(({ trajectory }, c) => {
      const part = this.readNumbers(trajectory, points * lanes);
      for (let p = 0; p < points; p++)
        for (let lane = 0; lane < lanes && c * lanes + lane < q; lane++)
          all[p * q + c * lanes + lane] = part[p * lanes + lane] as number;
    });
    return all;
  }
}

interface TangentParts {
  readonly lanes: number;
  readonly step: Executable;
  readonly criterion: CriterionProgram;
  readonly contraction: Executable;
  /** Tangents of the floating state, laned. */
  readonly tangents: readonly DeviceArray[];
  readonly floats: readonly number[];
  readonly gradientTypes: readonly Type[];
  readonly gradients: readonly (readonly DeviceArray[])[];
  readonly laneChunks: readonly LaneChunk[];
}

const at = ({ buffer, offset }: DeviceArray, bytes: number): DeviceArray => ({
  buffer,
  offset: offset + bytes,
});
