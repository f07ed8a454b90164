/** Training without hypergradients. */
import type { DeviceJob, Executable } from "../runtime/executable.js";
import type { Memory } from "./memory.js";
import type { Mode } from "./mode.js";
import type { Segment } from "./segment.js";

export class PlainMode implements Mode {
  readonly name = "plain";
  readonly lanes = 0;
  readonly stopsCleanly = true;

  constructor(
    private readonly memory: Memory,
    private readonly step: Executable,
  ) {}

  addSegment(job: DeviceJob, { steps }: Segment, afterStep: (done: number) => void): void {
    for (let t = 0; t < steps; t++) {
      job.call(this.step, this.memory.stepInputs(t), [this.memory.loss(t)]);
      afterStep(t + 1);
    }
  }

  readTrajectory(): Float64Array {
    return new Float64Array(0);
  }
}
