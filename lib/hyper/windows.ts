/** The course of a study: train a window, update, report; stop, diverge or end. */
import type { Device } from "../runtime/device.js";
import { type Divergence, divergenceOf, diverges } from "./divergence.js";
import type { Estimator } from "./estimator.js";
import type { OuterUpdate } from "./outer.js";
import type { Problem } from "./problem.js";
import { Rewinds } from "./rewind.js";
import type { Subset } from "./subset.js";
import type { Run, Trainer } from "./trainer.js";
import type { BilevelResult, ScheduleEntry, WindowReport } from "./types.js";
import { HyperUpdate } from "./update.js";
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
  /** Most times that a window in which training diverges begins again. */
  readonly rewinds: number;
  readonly signal: AbortSignal;
  readonly progress: ((step: number) => void) | undefined;
  readonly device: Device;
  readonly done: () => void;
}

/** Runs the study; every `next` trains one window. */
export async function* runWindows<State>(
  course: Course,
): AsyncGenerator<WindowReport<Metrics>, BilevelResult<State>, void> {
  const { problem, trainer, estimator, signal, evaluation, subset, indexOf } = course;
  const space = problem.hyper;
  const windows = [...windowsOf(estimator, course.steps)];
  const schedule: ScheduleEntry[] = [];
  /** Windows done, and the inner steps of all of them. */
  let [count, steps, elapsed] = [0, 0, 0];
  let stopped = false;
  let diverged: Divergence | null = null;
  try {
    const update = new HyperUpdate({ ...course, space });
    const limit = estimator.horizon === "none" ? 0 : course.rewinds;
    const enter = (window: Window, phi: Float64Array) => {
      trainer.setHyper(phi);
      if (subset) trainer.setSubset(subset.of(window.number));
    };
    const rewinds = new Rewinds({ ...course, update, limit, rate: course.outer.rate, enter });
    /** Window that began last, and the steps before it. */
    let begun: { window: Window; before: number } | undefined;
    for (let window = windows[0]; window; window = windows[count]) {
      stopped = signal.aborted;
      if (stopped) break;
      const began = performance.now();
      const hyper = space.values(update.phi);
      schedule.push({ step: steps, hyper });
      begun = { window, before: steps };
      rewinds.begin(window);
      enter(window, update.phi);
      if (window.restart) trainer.reset();
      const carry = update.carryInto(window);
      const segment = { ...window.segment, ...(carry && { carry }) };
      const progress = course.progress && watcher(course.progress, window, steps);
      const run = await trainer.run(segment, window.first, indexOf, signal, progress);
      if (run.aborted) {
        stopped = true;
        steps += run.steps;
        if (run.steps > 0) elapsed += performance.now() - began;
        break;
      }
      diverged = divergenceOf(run, window);
      const report = diverged ?? update.after(run, window);
      if ("step" in report) {
        const again = await rewinds.back(window, report);
        stopped = signal.aborted;
        diverged = again || stopped ? null : report;
        if (!again) {
          rewinds.toStart(window);
          break;
        }
        if (again !== window) {
          count--;
          steps -= again.length;
        }
        schedule.length = count;
        elapsed += performance.now() - began;
        continue;
      }
      steps += run.steps;
      count++;
      const validation = await validationOf(course, run);
      const due = isDue(evaluation?.every, steps, run.steps);
      const test = due ? await evaluation?.run() : undefined;
      const took = performance.now() - began;
      elapsed += took;
      const times = rewinds.of(window);
      yield {
        window: count,
        step: steps,
        hyper,
        train: { loss: run.losses && mean(run.losses) },
        validation,
        ...report,
        ...(times > 0 ? { rewinds: times } : {}),
        ...(test ? { test } : {}),
        msPerStep: took / run.steps,
      };
    }
    let loss = await trainer.criterion();
    // Without hypergradients, or where a signal stopped it, nobody has looked at the criterion yet.
    if (begun && !diverged && !Number.isFinite(loss)) {
      diverged = { step: steps, what: "validation loss" };
      rewinds.toStart(begun.window);
      count = Math.min(count, begun.window.number - 1);
      steps = begun.before;
      loss = await trainer.criterion();
    }
    if (diverged && course.onDivergence === "throw")
      throw diverges(diverged, space.values(update.phi), rewinds.total);
    return {
      steps,
      msPerStep: steps > 0 ? elapsed / steps : 0,
      hyper: space.values(update.phi),
      schedule,
      validation: { loss },
      test: evaluation ? await evaluation.run() : null,
      windows: count,
      ...update.counts,
      rewinds: rewinds.total,
      stopped,
      diverged,
      device: course.device.name,
      deviceReason: course.device.reason,
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
