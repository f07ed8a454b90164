/** Showing how far a run is: a bar on a terminal, a line now and then elsewhere. */

import { SingleBar } from "cli-progress";
import type { WindowReport } from "../hyper/types.js";
import { formatDuration, formatHyper, formatNumber, formatPercent } from "./format.js";
import type { Output } from "./io.js";

export interface Progress {
  /** Within a window. */
  advance(step: number): void;
  update(report: WindowReport): void;
  /** Leaves the output clean for what follows; may be called again. */
  stop(): void;
}

/** @param steps inner steps of the whole run */
export function startProgress(output: Output, steps: number): Progress {
  return output.isTTY ? bar(output, steps) : lines(output, steps);
}

/** About this many lines for a run, besides those that report a test. */
const LINES = 20;

function lines(output: Output, steps: number): Progress {
  const pace = new Pace(steps);
  let shown = 0;
  return {
    advance() {},
    update(report) {
      pace.add(report);
      const due = report.step >= shown + steps / LINES || report.step >= steps;
      if (shown > 0 && !due && !report.test) return;
      shown = report.step;
      const parts = [`step ${report.step}/${steps}`, pace.rate(), pace.left(), ...facts(report)];
      output.write(`${parts.join(", ")}\n`);
    },
    stop() {},
  };
}

function bar(output: Output, steps: number): Progress {
  const pace = new Pace(steps);
  const single = new SingleBar({
    stream: output as NodeJS.WritableStream,
    format: "{bar} {value}/{total} {pace} {facts}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    // The run handles Ctrl-C itself, and a killed process could not give the cursor back.
    gracefulExit: false,
    hideCursor: null,
  });
  single.start(steps, 0, { pace: "", facts: "first window" });
  let active = true;
  return {
    advance(step) {
      if (active) single.update(step);
    },
    update(report) {
      if (!active) return;
      pace.add(report);
      single.update(report.step, {
        pace: `${pace.rate()}, ${pace.left()}`,
        facts: facts(report).join(", "),
      });
    },
    stop() {
      if (active) single.stop();
      active = false;
    },
  };
}

function facts({ train, validation, test, hyper, fallback }: WindowReport): string[] {
  return [
    ...(train.loss === null ? [] : [`train ${formatNumber(train.loss)}`]),
    ...(validation.loss === null ? [] : [`validation ${formatNumber(validation.loss)}`]),
    ...(test ? [`test accuracy ${formatPercent(test.accuracy)}`] : []),
    ...Object.entries(hyper).map(([name, value]) => `${name} ${formatHyper(value)}`),
    ...(fallback === null ? [] : [`fallback: ${fallback}`]),
  ];
}

/** How fast the run has been so far, and how long it will take at that pace. */
class Pace {
  private step = 0;
  private milliseconds = 0;

  constructor(private readonly steps: number) {}

  add({ step, msPerStep }: WindowReport): void {
    this.milliseconds += (step - this.step) * msPerStep;
    this.step = step;
  }

  rate(): string {
    return `${formatNumber((1000 * this.step) / this.milliseconds)} steps/s`;
  }

  left(): string {
    const seconds = ((this.steps - this.step) * this.milliseconds) / this.step / 1000;
    return `${formatDuration(seconds)} left`;
  }
}
