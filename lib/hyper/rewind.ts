/** The way back from a divergence: to the beginning of a window, with hyperparameters further from what made training diverge. */
import { type Divergence, finite } from "./divergence.js";
import type { Trainer } from "./trainer.js";
import type { Window } from "./window.js";

/** Where the outer optimizer has no setting `lr` that tells how far a step goes. */
const STEP = 0.05;

/** A window that diverges within so many steps began with a state that was on its way to it. */
const EARLY = 10;

export interface RewindOptions {
  readonly trainer: Trainer;
  /** Most times that one window may begin again; 0 for never. */
  readonly limit: number;
  /** How far, in unconstrained hyperparameters, one step of the outer optimizer goes. */
  readonly rate: number | undefined;
  readonly indexOf: (step: number) => Int32Array;
  readonly signal: AbortSignal;
}

/** Where training goes on; the state is there already. */
export interface WayBack {
  readonly window: Window;
  /** What is to be added to φ. */
  readonly change: Float64Array;
}

export class Rewinds {
  /** Of all windows so far. */
  total = 0;
  /** By window's number. */
  private readonly times = new Map<number, number>();
  /** The windows whose first states are kept: this one and the one before. */
  private readonly kept: (Window | undefined)[] = [undefined, undefined];

  constructor(private readonly options: RewindOptions) {}

  /** A window begins, with the state as it is: that is where it can begin again. */
  begin(window: Window): void {
    this.kept[slotOf(window)] = window;
    this.options.trainer.mark(slotOf(window));
  }

  /** How often a window has begun again. */
  of({ number }: Window): number {
    return this.times.get(number) ?? 0;
  }

  /** Puts the state back to a window's first. */
  toStart(window: Window): void {
    this.options.trainer.backToMark(slotOf(window));
  }

  /**
   * Goes back to the first state of the window that diverged, or of the one before it where it diverged early or has
   * begun again already, and says how φ is to move: against the hypergradient of the last moment at which there was one, with tangents from zero, as far as the
   * outer optimizer's learning rate, and twice as far each further time.
   *
   * @returns null where there is no way back; the state is then anywhere
   */
  async back(diverged: Window, { step }: Divergence): Promise<WayBack | null> {
    const { limit, rate = STEP } = this.options;
    const window = this.origin(diverged, step);
    const times = this.of(window);
    if (times >= limit || rate === 0) return null;
    const gradient = await this.lastGradient(window, step - 1 - window.first);
    if (!gradient) return null;
    this.toStart(window);
    this.times.set(window.number, times + 1);
    this.total++;
    const longest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const size = rate * 2 ** times;
    return { window, change: gradient.map((g) => (-size * g) / longest) };
  }

  private origin(diverged: Window, step: number): Window {
    const before = this.kept[1 - slotOf(diverged)];
    const startIsToBlame = step - diverged.first < EARLY || this.of(diverged) > 0;
    if (diverged.restart || !startIsToBlame) return diverged;
    return before?.number === diverged.number - 1 ? before : diverged;
  }

  /** The hypergradient after as many of the window's steps as leave it finite; half as many are tried where there is none. */
  private async lastGradient(window: Window, steps: number): Promise<Float64Array | null> {
    const { trainer, indexOf, signal } = this.options;
    const { first, segment } = window;
    for (let tried = Math.min(steps, segment.steps); tried > 0; tried = Math.floor(tried / 2)) {
      this.toStart(window);
      const last = Math.min(tried, segment.last);
      const run = await trainer.run({ steps: tried, last }, first, indexOf, signal);
      if (run.aborted) return null;
      const q = run.trajectory.length / last;
      for (let point = last - 1; point >= 0; point--) {
        const gradient = run.trajectory.slice(point * q, (point + 1) * q);
        if (finite(gradient) && gradient.some((g) => g !== 0)) return gradient;
      }
    }
    return null;
  }
}

const slotOf = ({ number }: Window) => number % 2;
