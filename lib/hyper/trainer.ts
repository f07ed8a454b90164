/** Training on the device: one native call runs a whole segment; what its numbers mean is decided above. */
import type { HostArray } from "../ir/array.js";
import { BYTES } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import { type DeviceArray, DeviceJob, Executable } from "../runtime/executable.js";
import { chooseMode, type ModeName } from "./choose-mode.js";
import { Criterion } from "./criterion.js";
import { type MetricsFunction, metricsProgram } from "./criterion-programs.js";
import { Memory } from "./memory.js";
import type { Mode } from "./mode.js";
import { PlainMode } from "./plain-mode.js";
import type { Problem } from "./problem.js";
import type { CompileSwitches } from "./program-inputs.js";
import { type Examples, type PickedChunks, pickedChunks, uploadChunks } from "./resident.js";
import type { Segment } from "./segment.js";
import { plainStep, StepInputs } from "./step-programs.js";
import type { CarriedLanes } from "./tangents.js";

/** Encoded jobs kept for the next window; playouts need a new one each time. */
const JOBS_KEPT = 4;

export interface TrainerOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Longest run of steps that one call will be asked for, and most hypergradients at its end. */
  readonly longest: number;
  readonly last: number;
  /** Examples of the validation data per chunk. */
  readonly criterionBatch: number;
  /** Examples of the validation data that hypergradients see; undefined for all. */
  readonly subset: number | undefined;
  readonly mode: ModeName;
  /** Most lanes that run together in forward mode. */
  readonly lanes: number | undefined;
  /** Whether runs may begin with the tangents of the one before. */
  readonly carries: boolean;
  readonly switches: CompileSwitches;
}

export interface Run {
  /** Steps whose effect the state now holds. */
  readonly steps: number;
  readonly aborted: boolean;
  /** Reported loss before each step; null when the step reports none. */
  readonly losses: Float64Array | null;
  /** Criterion at the last points. */
  readonly criterion: Float64Array;
  /** Row-major [points, q]; empty without hypergradients. */
  readonly trajectory: Float64Array;
  /** How the tangents of the run before went on, and what became of them; null where none are carried. */
  readonly carried: CarriedLanes | null;
}

interface SegmentJob {
  readonly job: DeviceJob;
  /** Commands after which 1, 2, … steps are done. */
  readonly stepEnds: readonly number[];
}

export class Trainer {
  private readonly memory: Memory;
  private readonly criterionOf: Criterion;
  private readonly criterionLoss: DeviceArray;
  private readonly picked: PickedChunks | undefined;
  private readonly plain: PlainMode;
  private readonly reportsLoss: boolean;
  /** How hypergradients are computed; undefined when none are. */
  readonly mode: Mode | undefined;
  private readonly jobs = new Map<string, SegmentJob>();
  /** The tangents on the device belong to the state there. */
  private tangentsFit = false;

  constructor(
    private readonly device: Device,
    problem: Problem,
    train: Examples,
    validation: Examples,
    private readonly options: TrainerOptions,
  ) {
    const { last, longest, mode, lanes, carries, switches } = options;
    this.memory = new Memory(device, problem, train, options);
    const chunks = uploadChunks(device, validation, options.criterionBatch, problem.dtype);
    if (options.subset !== undefined)
      this.picked = pickedChunks(device, chunks, options.subset, problem.dtype);
    this.criterionOf = new Criterion(device, this.memory, chunks, this.picked ?? chunks, switches);
    this.criterionLoss = this.memory.bytes(Math.max(1, last) * BYTES[problem.dtype]);
    const inputs = new StepInputs(problem, train, options.batchSize);
    const step = plainStep(problem, inputs);
    const plain = Executable.compile(device, step.graph, { ...step.options, ...switches });
    this.reportsLoss = step.reportsLoss;
    this.plain = new PlainMode(this.memory, plain);
    if (last > 0)
      this.mode = chooseMode({
        device,
        memory: this.memory,
        inputs,
        criterion: this.criterionOf,
        criterionLoss: this.criterionLoss,
        plain,
        steps: longest,
        last,
        mode,
        lanes,
        carries,
        switches,
      });
  }

  /** Sets the unconstrained hyperparameters. */
  setHyper(phi: Float64Array): void {
    this.memory.setHyper(phi);
  }

  /** Says which validation examples the next runs see, where they see a subset. */
  setSubset(index: Int32Array): void {
    this.picked?.pick(index);
  }

  /** The training state, copied to the host. */
  readState(): HostArray[] {
    return this.memory.readState();
  }

  /** Puts the state back to what the problem started with. */
  reset(): void {
    this.tangentsFit = false;
    this.memory.reset();
  }

  /** Keeps a copy of the state, under a number. */
  mark(number: number): void {
    const job = new DeviceJob(this.device);
    this.memory.save(job, `mark ${number}`);
    job.runSync();
  }

  /** Goes back to a state that was marked; tangents begin at zero. */
  backToMark(number: number): void {
    this.tangentsFit = false;
    this.goBack(`mark ${number}`);
  }

  /**
   * Trains on the given batches, first to last; `indexOf(t)` gives the examples of step `t`, counted from the start of training.
   *
   * A run that was stopped leaves the state of a whole step: the last one that was done, with its
   * tangents, or the first. Tangents that were on their way then begin at zero in the next run.
   *
   * @param progress called now and then with the steps done so far, of the pass that counts
   */
  async run(
    wanted: Segment,
    firstStep: number,
    indexOf: (step: number) => Int32Array,
    signal?: AbortSignal,
    progress?: (steps: number) => void,
  ): Promise<Run> {
    const segment = this.tangentsFit ? wanted : fromZero(wanted);
    const mode = this.modeOf(segment);
    const rewinds = !mode.stopsCleanly || segment.returnTo !== undefined;
    this.memory.writeSchedule(segment.steps, firstStep, indexOf);
    if (segment.carry) mode.carryOver?.set(segment.carry);
    const { job, stepEnds } = this.jobFor(segment);
    const stepsDone = (commands: number) => stepEnds.filter((end) => end <= commands).length;
    const done = await job.run(signal, progress && ((commands) => progress(stepsDone(commands))));
    const aborted = done < job.commands;
    if (aborted && rewinds && done > 0) this.goBack("start");
    const trained = stepsDone(done);
    const ran = aborted && rewinds ? 0 : trained;
    const points = aborted ? 0 : segment.last;
    if (done > 0) this.tangentsFit = mode.carryOver !== undefined && !(aborted && ran === 0);
    return {
      steps: aborted ? ran : (segment.returnTo ?? segment.steps),
      aborted,
      losses: this.reportsLoss ? this.memory.readLosses(ran) : null,
      criterion: this.memory.readNumbers(this.criterionLoss, points),
      trajectory: mode.readTrajectory(points),
      carried: (!aborted && mode.carryOver?.read(segment)) || null,
    };
  }

  private modeOf(segment: Segment): Mode {
    return segment.last > 0 && this.mode ? this.mode : this.plain;
  }

  private jobFor(segment: Segment): SegmentJob {
    const { steps, last, returnTo, carry } = segment;
    const kind = carry && [carry.decay > 0, carry.clips.some(Number.isFinite)];
    const key = `${steps}/${last}/${returnTo}/${kind}`;
    const known = this.jobs.get(key) ?? this.build(segment);
    this.jobs.set(key, known);
    for (const oldest of this.jobs.keys()) {
      if (this.jobs.size <= JOBS_KEPT) break;
      this.jobs.delete(oldest);
    }
    return known;
  }

  private build(segment: Segment): SegmentJob {
    const { returnTo } = segment;
    const mode = this.modeOf(segment);
    const job = new DeviceJob(this.device);
    const stepEnds: number[] = [];
    // Where a stopped job leaves the state anywhere, it must be able to go back.
    if (!mode.stopsCleanly || returnTo !== undefined) this.memory.save(job, "start");
    mode.addSegment(job, segment, (done) => {
      stepEnds.push(job.commands);
      if (done === returnTo) this.memory.save(job, "return");
    });
    if (returnTo !== undefined) this.memory.restore(job, "return");
    return { job, stepEnds };
  }

  private goBack(name: string): void {
    const job = new DeviceJob(this.device);
    this.memory.restore(job, name);
    job.runSync();
  }

  /** The criterion over all validation data, for the state as it is. */
  async criterion(): Promise<number> {
    const job = new DeviceJob(this.device);
    this.criterionOf.addValue(job, this.criterionLoss);
    await job.run();
    return this.memory.readNumbers(this.criterionLoss, 1)[0] as number;
  }

  /** Compiles an evaluation: means of per-example metrics over a data set. */
  evaluation(examples: Examples, metrics: MetricsFunction): () => Promise<Float64Array> {
    const { device, memory, options } = this;
    const { problem } = memory;
    const chunks = uploadChunks(device, examples, options.criterionBatch, problem.dtype);
    const { executable, count } = metricsProgram(
      device,
      problem,
      chunks,
      metrics,
      options.switches,
    );
    const means = memory.bytes(count * memory.width);
    const job = new DeviceJob(device);
    job.zero(means, count * memory.width);
    for (let c = 0; c < chunks.count; c++)
      job.call(executable, [...memory.state, ...chunks.arrays(c), means]);
    return async () => {
      await job.run();
      return memory.readNumbers(means, count);
    };
  }
}

/** The tangents on the device belong to another state. */
const fromZero = (segment: Segment): Segment =>
  segment.carry ? { ...segment, carry: { ...segment.carry, decay: 0 } } : segment;
