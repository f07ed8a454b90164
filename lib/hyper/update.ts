/** From what a window has measured to the hyperparameters of the next. */
import type { Device } from "../runtime/device.js";
import { type Divergence, endOf, finite } from "./divergence.js";
import type { Estimate, Estimator, WindowEstimator } from "./estimator.js";
import type { HyperSpace } from "./hyper-space.js";
import type { OuterUpdate } from "./outer.js";
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

/** What a window's report says of its hypergradients. */
export type UpdateReport = Pick<
  WindowReport,
  "hypergradient" | "eigenvalues" | "fallback" | "chosen" | "reason" | "confidence" | "tangents"
>;

export class HyperUpdate {
  /** Unconstrained hyperparameters. */
  phi: Float64Array;
  /** Windows in which something stood in for the estimate, tangents were clipped, or began again. */
  readonly counts = { fallbacks: 0, clips: 0, resets: 0 };
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
    return this.tangents.begin({
      stepsDone: first,
      stepsLeft: this.options.steps - first,
      window: length,
    });
  }

  /**
   * Moves the hyperparameters by what the estimator makes of a window.
   *
   * @returns what to report; or what is not finite, of a window that began by itself and can be blamed for it
   */
  after(run: Run, window: Window): UpdateReport | Divergence {
    const { estimator, space, outer } = this.options;
    if (estimator.horizon === "none") return NOTHING;
    const tangents = this.tangents.end(window.segment.steps, run.carried);
    const estimate = finite(run.trajectory) ? this.estimate(run, window, tangents.memory) : null;
    const good = estimate && finite(estimate.gradient) ? estimate : null;
    const what = estimate ? "estimate" : "hypergradient";
    if (!good && !(tangents.decay > 0)) return { step: endOf(window), what };
    if (!good) this.tangents.drop();
    const report = good ? this.report(good) : { ...NOTHING, fallback: broken(what) };
    if (good) this.phi = outer.apply(this.phi, good.gradient);
    if (this.estimator.carries?.() === false) this.tangents.drop();
    if (report.fallback) this.counts.fallbacks++;
    if (!this.tangents.carried) return report;
    return {
      ...report,
      tangents: this.counted(good ? tangents : { ...tangents, reset: space.size }),
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

const broken = (what: string) =>
  `the ${what} of carried tangents is not finite: nothing was updated, and tangents begin again at zero`;
