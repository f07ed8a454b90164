/** The criterion on the device: its value and its gradient, chunk by chunk over the validation data or some of them. */
import type { Type } from "../ir/types.js";
import type { Device } from "../runtime/device.js";
import type { DeviceArray, DeviceJob, Executable } from "../runtime/executable.js";
import { type CriterionProgram, criterionProgram } from "./criterion-programs.js";
import { bytesOf, type Memory } from "./memory.js";
import type { CompileSwitches } from "./program-inputs.js";
import type { Chunks } from "./resident.js";

export class Criterion {
  private valueProgram: Executable | undefined;
  private gradientProgram: CriterionProgram | undefined;

  constructor(
    private readonly device: Device,
    private readonly memory: Memory,
    /** All validation data: what the value is of. */
    private readonly whole: Chunks,
    /** What the gradient is of. */
    private readonly seen: Chunks,
    private readonly switches: CompileSwitches,
  ) {}

  /** Compiled when first asked for. */
  get gradient(): CriterionProgram {
    this.gradientProgram ??= this.compile(true);
    return this.gradientProgram;
  }

  private compile(gradient: boolean): CriterionProgram {
    const { device, memory, switches } = this;
    const chunks = gradient ? this.seen : this.whole;
    return criterionProgram(device, memory.problem, chunks, gradient, switches);
  }

  /** Types of the gradients: those of the state leaves and raw hyperparameters that the criterion depends on. */
  get gradientTypes(): Type[] {
    const { stateLeaves, hyperLeaves } = this.gradient;
    const { stateTypes, hyperTypes } = this.memory.problem;
    return [
      ...stateLeaves.map((i) => stateTypes[i] as Type),
      ...hyperLeaves.map((i) => hyperTypes[i] as Type),
    ];
  }

  /** The value over all validation data for the state as it is. */
  addValue(job: DeviceJob, loss: DeviceArray): void {
    this.valueProgram ??= this.compile(false).executable;
    job.zero(loss, this.memory.width);
    this.addChunks(job, this.valueProgram, this.whole, [loss]);
  }

  /** The value and the gradients, over what a window sees of the data, for the state as it is. */
  addGradient(job: DeviceJob, loss: DeviceArray, gradients: readonly DeviceArray[]): void {
    job.zero(loss, this.memory.width);
    this.gradientTypes.forEach((type, i) => {
      job.zero(gradients[i] as DeviceArray, bytesOf(type));
    });
    this.addChunks(job, this.gradient.executable, this.seen, [loss, ...gradients]);
  }

  private addChunks(
    job: DeviceJob,
    program: Executable,
    chunks: Chunks,
    sums: readonly DeviceArray[],
  ): void {
    const { state, raw } = this.memory;
    for (let c = 0; c < chunks.count; c++)
      job.call(program, [...state, ...raw, ...chunks.arrays(c), ...sums]);
  }
}
