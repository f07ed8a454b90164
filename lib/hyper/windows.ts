/** The course of a study: train a window, update, report; stop, diverge or end. */
import { GlocalError } from "../errors.js";
import type { Device } from "../runtime/device.js";
import type { Estimator } from "./estimator.js";
import type { OuterUpdate } from "./outer.js";
import type { Problem } from "./problem.js";
import type { Subset } from "./subset.js";
import type { Run, Trainer } from "./trainer.js";
import type { BilevelResult, ScheduleEntry, WindowReport } from "./types.js";
import { finite, HyperUpdate } from "./update.js";
import { type Window, windowsOf } from "./window.js";

type Metrics = Readonly<Record<string, number>>;

export interface Course {
  readonly problem: Problem;
  readonly trainer: Trainer;
  readonly estimator: Estimator;
  readonly outer: OuterUpdate;
  readonly steps: number;
  readonly seed: number;
  readonly indexOf: (step: number) => Int32Array;
  /** The validation examples of each window, where they are not all of them. */
  readonly subset: Subset | undefined;
  readonly evaluation: { every: number | undefined; run: () => Promise<Metrics> } | undefined;
  readonly onDivergence: "throw" | "record";
  readonly signal: AbortSignal;
  readonly progress: ((step: number) => void) | undefined;
  readonly device: Device;
  readonly done: () => void;
}

interface Divergence {
  readonly step: number;
  readonly what: string;
}

/** The first thing in the training itself that is not finite. */
function divergenceOf(run: Run, window: Window): Divergence | null {
  const bad = run.losses?.findIndex((loss) => !Number.isFinite(loss)) ?? -1;
  if (bad >= 0) return { step: window.first + bad, what: `training loss ${run.losses?.[bad]}` };
  return finite(run.criterion) ? null : { step: endOf(window), what: "validation loss" };
}

const endOf = ({ first, segment }: Window) => first + segment.steps;

/** Runs the study; every `next` trains one window. */
export async function* runWindows<State>(
  course: Course,
): AsyncGenerator<WindowReport<Metrics>, BilevelResult<State>, void> {
  const { problem, trainer, estimator, signal, evaluation, subset } = course;
  const space = problem.hyper;
  const schedule: ScheduleEntry[] = [];
  let [count, steps, elapsed] = [0, 0, 0];
  let stopped = false;
  let diverged: Divergence | null = null;
  try {
    const update = new HyperUpdate({ ...course, space });
    for (const window of windowsOf(estimator, course.steps)) {
      stopped = signal.aborted;
      if (stopped) break;
      const began = performance.now();
      const hyper = space.values(update.phi);
      schedule.push({ step: steps, hyper });
      trainer.setHyper(update.phi);
      if (window.restart) trainer.reset();
      if (subset) trainer.setSubset(subset.of(window.number));
      const carry = update.carryInto(window);
      const segment = { ...window.segment, ...(carry && { carry }) };
      const progress = course.progress && watcher(course.progress, window, steps);
      const run = await trainer.run(segment, window.first, course.indexOf, signal, progress);
      steps += run.steps;
      if (run.aborted) {
        stopped = true;
        if (run.steps > 0) elapsed += performance.now() - began;
        break;
      }
      diverged = divergenceOf(run, window);
      if (diverged) break;
      const report = update.after(run, window, carry);
      if (typeof report === "string") {
        diverged = { step: endOf(window), what: report };
        break;
      }
      const validation = await validationOf(course, run);
      const due = isDue(evaluation?.every, steps, run.steps);
      const test = due ? await evaluation?.run() : undefined;
      count++;
      const took = performance.now() - began;
      elapsed += took;
      yield {
        window: count,
        step: steps,
        hyper,
        train: { loss: run.losses && mean(run.losses) },
        validation,
        ...report,
        ...(test ? { test } : {}),
        msPerStep: took / run.steps,
      };
    }
    const loss = await trainer.criterion();
    if (!Number.isFinite(loss)) diverged ??= { step: steps, what: "validation loss" };
    if (diverged && course.onDivergence === "throw")
      throw diverges(diverged, space.values(update.phi));
    return {
      steps,
      msPerStep: steps > 0 ? elapsed / steps : 0,
      hyper: space.values(update.phi),
      schedule,
      validation: { loss },
      test: evaluation ? await evaluation.run() : null,
      windows: count,
      ...update.counts,
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

/** Tells of steps within a window as steps of the study; of those after its end, which do not last, nothing. */
function watcher(progress: (step: number) => void, { length }: Window, before: number) {
  return (done: number) => {
    if (done <= length) progress(before + done);
  };
}

/** The criterion at the window's end: at hand unless the segment ran past it. */
async function validationOf(
  { estimator, trainer, subset }: Course,
  run: Run,
): Promise<WindowReport["validation"]> {
  if (estimator.horizon === "none") return { loss: null };
  if (estimator.horizon === "playout") return { loss: await trainer.criterion() };
  const loss = run.criterion.at(-1) ?? null;
  return subset ? { loss, subset: subset.size } : { loss };
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
