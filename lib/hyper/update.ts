/** From what a window has measured to the hyperparameters of the next. */
import type { Device } from "../runtime/device.js";
import { type Divergence, endOf, finite } from "./divergence.js";
import type { Estimate, Estimator, WindowEstimator } from "./estimator.js";
import type { HyperSpace } from "./hyper-space.js";
import type { OuterState, OuterUpdate } from "./outer.js";
import { type Carry, TangentCourse } from "./tangents.js";
import type { Run } from "./trainer.js";
import type { TangentReport, WindowReport } from "./types.js";
import type { Window } from "./window.js";

export interface UpdateOptions {
  readonly estimator: Estimator;
  readonly space: HyperSpace;
  readonly outer: OuterUpdate;
  /** T, inner steps of the whole training. */
  readonly steps: number;
  readonly seed: number;
  readonly device: Device;
}

/** Where the hyperparameters stand, and what was counted until then. */
export interface UpdateState {
  readonly phi: Float64Array;
  readonly outer: OuterState;
  readonly counts: HyperUpdate["counts"];
}

/** What a window's report says of its hypergradients. */
export type UpdateReport = Pick<
  WindowReport,
  "hypergradient" | "eigenvalues" | "fallback" | "chosen" | "reason" | "confidence" | "tangents"
>;

export class HyperUpdate {
  /** Unconstrained hyperparameters. */
  phi: Float64Array;
  /** Windows in which something stood in for the estimate, tangents were clipped, or began again. */
  counts = { fallbacks: 0, clips: 0, resets: 0 };
  private readonly estimator: WindowEstimator;
  private readonly tangents: TangentCourse;

  constructor(private readonly options: UpdateOptions) {
    const { estimator, space, steps, seed, device } = options;
    this.phi = space.initial();
    this.tangents = new TangentCourse(estimator.tangents);
    this.estimator = estimator.begin?.({ size: space.size, steps, seed, device }) ?? {
      estimate: (window) => estimator.estimate(window, device),
    };
  }

  /** How the tangents of a window begin; undefined where none are carried. */
  carryInto({ first, length }: Window): Carry | undefined {
    const { steps, space } = this.options;
    const rule = this.tangents.begin({
      stepsDone: first,
      stepsLeft: steps - first,
      window: length,
    });
    return rule && { decay: rule.decay, clips: space.scales(this.phi).map((s) => rule.clip / s) };
  }

  /** What there is to restore where a window begins again. */
  save(): UpdateState {
    return { phi: this.phi, outer: this.options.outer.save(), counts: { ...this.counts } };
  }

  restore({ phi, outer, counts }: UpdateState): void {
    this.phi = phi;
    this.options.outer.restore(outer);
    this.counts = { ...counts };
  }

  /**
   * Moves the hyperparameters by what the estimator makes of a window.
   *
   * @returns what to report; or that hypergradients are not finite, of a window that began by itself and can be blamed for it
   */
  after(run: Run, window: Window): UpdateReport | Divergence {
    const { estimator, space, outer } = this.options;
    if (estimator.horizon === "none") return NOTHING;
    const tangents = this.tangents.end(window.segment.steps, run.carried);
    const whole = finite(run.trajectory);
    if (!whole && !(tangents.decay > 0)) return { step: endOf(window), what: "hypergradient" };
    const estimate = whole ? this.estimate(run, window, tangents.memory) : null;
    const good = estimate && finite(estimate.gradient) ? estimate : null;
    if (!whole) this.tangents.drop();
    const report = good
      ? this.report(good)
      : { ...NOTHING, fallback: whole ? NO_ESTIMATE : BROKEN };
    if (good && this.estimator.updates?.() !== false)
      this.phi = outer.apply(this.phi, good.gradient);
    if (this.estimator.carries?.() === false) this.tangents.drop();
    if (report.fallback) this.counts.fallbacks++;
    if (!this.tangents.carried) return report;
    return {
      ...report,
      tangents: this.counted(whole ? tangents : { ...tangents, reset: space.size }),
    };
  }

  /** Moves the hyperparameters of a window that is to begin again; its tangents begin at zero. */
  retreat(change: Float64Array): void {
    this.phi = this.phi.map((value, i) => value + (change[i] as number));
    this.tangents.drop();
  }

  private estimate(run: Run, window: Window, memory: number): Estimate {
    const { space, steps } = this.options;
    const stepsDone = window.first + window.segment.steps;
    return this.estimator.estimate({
      data: run.trajectory,
      points: run.trajectory.length / space.size,
      size: space.size,
      window: window.number,
      steps: window.length,
      stepsDone,
      stepsLeft: steps - stepsDone,
      phi: this.phi.slice(),
      memory,
    });
  }

  private report({ gradient, eigenvalues, fallback, ...choice }: Estimate): UpdateReport {
    const { chosen, reason, confidence } = choice;
    return {
      hypergradient: this.options.space.named(gradient),
      eigenvalues,
      fallback,
      ...(chosen === undefined ? {} : { chosen }),
      ...(reason === undefined ? {} : { reason }),
      ...(confidence === undefined ? {} : { confidence }),
    };
  }

  private counted(report: TangentReport): TangentReport {
    if (report.clipped > 0) this.counts.clips++;
    if (report.reset > 0) this.counts.resets++;
    return report;
  }
}

const NOTHING: UpdateReport = { hypergradient: null, eigenvalues: null, fallback: null };

const BROKEN =
  "the hypergradients of carried tangents are not finite: nothing was updated, and tangents begin again at zero";

const NO_ESTIMATE = "the estimate is not finite: nothing was updated";
