/** The criterion on the device: its value and its gradient, chunk by chunk over the validation data. */
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
    private readonly chunks: Chunks,
    private readonly switches: CompileSwitches,
  ) {}

  /** Compiled when first asked for. */
  get gradient(): CriterionProgram {
    this.gradientProgram ??= this.compile(true);
    return this.gradientProgram;
  }

  private compile(gradient: boolean): CriterionProgram {
    const { device, memory, chunks, switches } = this;
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

  /** The value for the state as it is. */
  addValue(job: DeviceJob, loss: DeviceArray): void {
    this.valueProgram ??= this.compile(false).executable;
    job.zero(loss, this.memory.width);
    this.addChunks(job, this.valueProgram, [loss]);
  }

  /** The value and the gradients for the state as it is. */
  addGradient(job: DeviceJob, loss: DeviceArray, gradients: readonly DeviceArray[]): void {
    job.zero(loss, this.memory.width);
    this.gradientTypes.forEach((type, i) => {
      job.zero(gradients[i] as DeviceArray, bytesOf(type));
    });
    this.addChunks(job, this.gradient.executable, [loss, ...gradients]);
  }

  private addChunks(job: DeviceJob, program: Executable, sums: readonly DeviceArray[]): void {
    const { state, raw } = this.memory;
    for (let c = 0; c < this.chunks.count; c++)
      job.call(program, [
        ...state,
        ...raw,
        ...this.chunks.leaves(c),
        this.chunks.weights(c),
        ...sums,
      ]);
  }
}
