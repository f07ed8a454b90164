/** The course of a study: train a window, estimate, update, report; stop, diverge or end. */
import { GlocalError } from "../errors.js";
import type { Device } from "../runtime/device.js";
import type { Estimate, Estimator } from "./estimator.js";
import type { Segment } from "./mode.js";
import type { OuterUpdate } from "./outer.js";
import type { Problem } from "./problem.js";
import type { Run, Trainer } from "./trainer.js";
import type { BilevelResult, ScheduleEntry, WindowReport } from "./types.js";

type Metrics = Readonly<Record<string, number>>;

export interface Course {
  readonly problem: Problem;
  readonly trainer: Trainer;
  readonly estimator: Estimator;
  readonly outer: OuterUpdate;
  readonly steps: number;
  readonly indexOf: (step: number) => Int32Array;
  readonly evaluation: { every: number | undefined; run: () => Promise<Metrics> } | undefined;
  readonly onDivergence: "throw" | "record";
  readonly signal: AbortSignal;
  readonly device: Device;
  readonly done: () => void;
}

interface Window {
  readonly first: number;
  readonly segment: Segment;
  /** Inner steps after which the hyperparameters change. */
  readonly length: number;
  readonly restart: boolean;
}

function* windowsOf({ estimator, steps }: Course): Generator<Window> {
  const { horizon, window, last } = estimator;
  if (horizon === "restart") {
    for (let s = 0; s < (estimator.outerSteps ?? 1); s++)
      yield { first: 0, segment: { steps, last: 1 }, length: steps, restart: true };
    return;
  }
  for (let first = 0; first < steps; first += window) {
    const length = Math.min(window, steps - first);
    const segment =
      horizon === "playout"
        ? { steps: steps - first, last: 1, returnTo: length }
        : { steps: length, last: Math.min(last, length) };
    yield { first, segment, length, restart: false };
  }
}

interface Divergence {
  readonly step: number;
  readonly what: string;
}

const finite = (numbers: Float64Array) => numbers.every(Number.isFinite);

/** The first thing in a run that is not finite. */
function divergenceOf(run: Run, window: Window, estimate: Estimate | null): Divergence | null {
  const bad = run.losses?.findIndex((loss) => !Number.isFinite(loss)) ?? -1;
  if (bad >= 0) return { step: window.first + bad, what: `training loss ${run.losses?.[bad]}` };
  const end = window.first + window.segment.steps;
  if (!finite(run.criterion)) return { step: end, what: "validation loss" };
  if (!finite(run.trajectory)) return { step: end, what: "hypergradient" };
  return estimate && !finite(estimate.gradient) ? { step: end, what: "estimate" } : null;
}

/** Runs the study; every `next` trains one window. */
export async function* runWindows<State>(
  course: Course,
): AsyncGenerator<WindowReport<Metrics>, BilevelResult<State>, void> {
  const { problem, trainer, signal, evaluation, outer } = course;
  const space = problem.hyper;
  const schedule: ScheduleEntry[] = [];
  let phi = space.initial();
  let [count, steps, fallbacks, elapsed] = [0, 0, 0, 0];
  let stopped = false;
  let diverged: Divergence | null = null;
  try {
    for (const window of windowsOf(course)) {
      stopped = signal.aborted;
      if (stopped) break;
      const began = performance.now();
      const hyper = space.values(phi);
      schedule.push({ step: steps, hyper });
      trainer.setHyper(phi);
      if (window.restart) trainer.reset();
      const run = await trainer.run(window.segment, window.first, course.indexOf, signal);
      steps += run.steps;
      if (run.aborted) {
        stopped = true;
        if (run.steps > 0) elapsed += performance.now() - began;
        break;
      }
      const estimate = estimateOf(course, run, window);
      diverged = divergenceOf(run, window, estimate);
      if (diverged) break;
      if (estimate) phi = outer.apply(phi, estimate.gradient);
      const validation = await validationLoss(course, run);
      const due = isDue(evaluation?.every, steps, run.steps);
      const test = due ? await evaluation?.run() : undefined;
      count++;
      if (estimate?.fallback) fallbacks++;
      const took = performance.now() - began;
      elapsed += took;
      yield {
        window: count,
        step: steps,
        hyper,
        train: { loss: run.losses && mean(run.losses) },
        validation: { loss: validation },
        hypergradient: estimate && space.named(estimate.gradient),
        eigenvalues: estimate?.eigenvalues ?? null,
        fallback: estimate?.fallback ?? null,
        ...(test ? { test } : {}),
        msPerStep: took / run.steps,
      };
    }
    const loss = await trainer.criterion();
    if (!Number.isFinite(loss)) diverged ??= { step: steps, what: "validation loss" };
    if (diverged && course.onDivergence === "throw") throw diverges(diverged, space.values(phi));
    return {
      steps,
      msPerStep: steps > 0 ? elapsed / steps : 0,
      hyper: space.values(phi),
      schedule,
      validation: { loss },
      test: evaluation ? await evaluation.run() : null,
      windows: count,
      fallbacks,
      stopped,
      diverged,
      device: course.device.name,
      threads: course.device.threads,
      state: problem.stateDef.rebuild(trainer.readState()) as State,
    };
  } finally {
    course.done();
    course.device.dispose();
  }
}

function estimateOf(
  { estimator, problem, steps, device }: Course,
  run: Run,
  window: Window,
): Estimate | null {
  if (estimator.horizon === "none" || !finite(run.trajectory)) return null;
  const size = problem.hyper.size;
  const trajectory = {
    data: run.trajectory,
    points: run.trajectory.length / size,
    size,
    stepsLeft: steps - window.first - window.segment.steps,
  };
  return estimator.estimate(trajectory, device);
}

/** The criterion at the window's end: at hand unless the segment ran past it. */
async function validationLoss({ estimator, trainer }: Course, run: Run): Promise<number | null> {
  if (estimator.horizon === "none") return null;
  if (estimator.horizon === "playout") return trainer.criterion();
  return run.criterion.at(-1) ?? null;
}

/** A multiple of `every` lies within the last `took` steps. */
function isDue(every: number | undefined, steps: number, took: number): boolean {
  return every !== undefined && Math.floor(steps / every) > Math.floor((steps - took) / every);
}

const mean = (numbers: Float64Array) => numbers.reduce((a, b) => a + b, 0) / numbers.length;

function diverges(divergence: Divergence, hyper: object): GlocalError {
  const { step, what } = divergence;
  return new GlocalError("GLOCAL_DIVERGED", {
    divergence,
    expected: "finite numbers in training",
    received: `a ${what} that is not, at step ${step}, with ${JSON.stringify(hyper)}`,
    hint: 'Look for NaN in the data, start from a smaller learning rate, or use onDivergence: "record" to keep the result up to there.',
  });
}
