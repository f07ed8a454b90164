/**
 * Reverse mode: adjoints λ travel back over the stored states of the window,
 * one lane per point; a lane joins with ∇ℓ̃ at its own step. The trajectory is
 * the one of forward mode, at a cost that does not depend on the number of
 * hyperparameters.
 *
 * States that do not fit are kept only at every so many steps, and the stretch
 * between two of them is trained again on the way back.
 */
import type { Type } from "../ir/types.js";
import type { DeviceArray, DeviceJob, Executable } from "../runtime/executable.js";
import type { Criterion } from "./criterion.js";
import { bytesOf, further, type Memory } from "./memory.js";
import type { Mode } from "./mode.js";
import { floatLeaves } from "./program-inputs.js";
import type { Segment } from "./segment.js";

export class ReverseMode implements Mode {
  readonly name = "reverse";
  readonly stopsCleanly = true;
  private readonly floats: readonly number[];
  private readonly adjoints: readonly DeviceArray[];
  private readonly sums: readonly DeviceArray[];
  private readonly gradients: readonly (readonly DeviceArray[])[];
  /** States at the beginning of each stretch, and within the stretch at hand. */
  private readonly checkpoints: DeviceArray[][] = [];
  private readonly stretch: DeviceArray[][] = [];

  /**
   * @param lanes n, the points of a window
   * @param storedBytes memory for stored states
   */
  constructor(
    private readonly memory: Memory,
    private readonly criterion: Criterion,
    private readonly criterionLoss: DeviceArray,
    private readonly plain: Executable,
    private readonly backward: Executable,
    readonly lanes: number,
    private readonly storedBytes: number,
  ) {
    const { stateTypes, hyperTypes } = memory.problem;
    this.floats = floatLeaves(stateTypes);
    this.adjoints = this.floats.map((i) => memory.array(stateTypes[i] as Type, lanes));
    this.sums = hyperTypes.map((t) => memory.array(t, lanes));
    this.gradients = Array.from({ length: lanes }, () =>
      criterion.gradientTypes.map((t) => memory.array(t)),
    );
  }

  /** Steps between two kept states: 1 where all fit, else about the root of their number. */
  private stretchLength(steps: number): number {
    const bytes = this.memory.problem.stateTypes.reduce((sum, t) => sum + bytesOf(t), 0);
    return steps * bytes <= this.storedBytes ? steps : Math.ceil(Math.sqrt(steps));
  }

  addSegment(job: DeviceJob, { steps, last }: Segment, afterStep: (done: number) => void): void {
    const length = this.stretchLength(steps);
    const whole = length === steps;
    for (let t = 0; t < steps; t++) {
      if (whole) this.memory.copyState(job, this.memory.state, this.slot(this.stretch, t));
      else if (t % length === 0)
        this.memory.copyState(job, this.memory.state, this.slot(this.checkpoints, t / length));
      job.call(this.plain, this.memory.stepInputs(t), [this.memory.loss(t)]);
      afterStep(t + 1);
      const point = t - (steps - last);
      if (point >= 0)
        this.criterion.addGradient(
          job,
          further(this.criterionLoss, point * this.memory.width),
          this.gradients[point] as readonly DeviceArray[],
        );
    }
    this.zero(job);
    for (let start = (Math.ceil(steps / length) - 1) * length; start >= 0; start -= length) {
      const end = Math.min(steps, start + length);
      if (!whole) this.retrain(job, start, end, length);
      for (let k = end - 1; k >= start; k--) {
        const point = k - (steps - last);
        if (point >= 0) this.join(job, point);
        const state = this.slot(this.stretch, k - start);
        job.call(this.backward, [
          ...this.memory.stepInputs(k, state),
          ...this.adjoints,
          ...this.sums,
        ]);
      }
    }
  }

  private slot(kept: DeviceArray[][], i: number): readonly DeviceArray[] {
    while (kept.length <= i) kept.push(this.memory.stateLike());
    return kept[i] as readonly DeviceArray[];
  }

  private zero(job: DeviceJob): void {
    const { stateTypes, hyperTypes } = this.memory.problem;
    this.adjoints.forEach((adjoint, i) => {
      job.zero(adjoint, bytesOf(stateTypes[this.floats[i] as number] as Type, this.lanes));
    });
    this.sums.forEach((sum, i) => {
      job.zero(sum, bytesOf(hyperTypes[i] as Type, this.lanes));
    });
  }

  /** Fills the stretch from its checkpoint: the state before each of its steps. */
  private retrain(job: DeviceJob, start: number, end: number, length: number): void {
    this.memory.copyState(
      job,
      this.slot(this.checkpoints, start / length),
      this.slot(this.stretch, 0),
    );
    for (let k = start; k + 1 < end; k++) {
      const next = this.slot(this.stretch, k + 1 - start);
      this.memory.copyState(job, this.slot(this.stretch, k - start), next);
      job.call(this.plain, this.memory.stepInputs(k, next), [this.memory.loss(k)]);
    }
  }

  /** The lane of a point begins: λ = ∇ℓ̃, h = ∂_φ ℓ̃. */
  private join(job: DeviceJob, point: number): void {
    const { stateLeaves, hyperLeaves } = this.criterion.gradient;
    const { stateTypes, hyperTypes } = this.memory.problem;
    const gradients = this.gradients[point] as readonly DeviceArray[];
    const copy = (from: DeviceArray | undefined, to: DeviceArray | undefined, type: Type) =>
      job.copy(
        from as DeviceArray,
        further(to as DeviceArray, point * bytesOf(type)),
        bytesOf(type),
      );
    stateLeaves.forEach((leaf, i) => {
      copy(gradients[i], this.adjoints[this.floats.indexOf(leaf)], stateTypes[leaf] as Type);
    });
    hyperLeaves.forEach((leaf, i) => {
      copy(gradients[stateLeaves.length + i], this.sums[leaf], hyperTypes[leaf] as Type);
    });
  }

  readTrajectory(points: number): Float64Array {
    const { hyper } = this.memory.problem;
    const all = new Float64Array(points * hyper.size);
    hyper.leaves.forEach(({ offset, size }, i) => {
      const part = this.memory.readNumbers(this.sums[i] as DeviceArray, this.lanes * size);
      for (let p = 0; p < points; p++)
        all.set(part.subarray(p * size, (p + 1) * size), p * hyper.size + offset);
    });
    return all;
  }
}
