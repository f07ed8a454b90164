/** The way back from a divergence: to the beginning of a window, with hyperparameters further from what made training diverge. */
import { type Divergence, finite } from "./divergence.js";
import type { Trainer } from "./trainer.js";
import type { HyperUpdate, UpdateState } from "./update.js";
import type { Window } from "./window.js";

/** Where the outer optimizer has no setting `lr` that tells how far a step goes. */
const STEP = 0.05;

/** A window that diverges within so many steps began with a state that was on its way to it. */
const EARLY = 10;

export interface RewindOptions {
  readonly trainer: Trainer;
  readonly update: HyperUpdate;
  /** Most times that one window may begin again; 0 for never. */
  readonly limit: number;
  /** How far, in unconstrained hyperparameters, one step of the outer optimizer goes. */
  readonly rate: number | undefined;
  readonly indexOf: (step: number) => Int32Array;
  readonly signal: AbortSignal;
  /** Tells the trainer what a window is trained with. */
  readonly enter: (window: Window, phi: Float64Array) => void;
}

/** What is kept of a window's beginning, beside the training state. */
interface Beginning {
  readonly window: Window;
  readonly update: UpdateState;
}

export class Rewinds {
  /** Of all windows so far. */
  total = 0;
  /** By window's number. */
  private readonly times = new Map<number, number>();
  /** Of this window and of the one before. */
  private readonly kept: (Beginning | undefined)[] = [undefined, undefined];

  constructor(private readonly options: RewindOptions) {}

  /** A window begins, with the state as it is: that is where it can begin again. */
  begin(window: Window): void {
    const { trainer, update } = this.options;
    this.kept[slotOf(window)] = { window, update: update.save() };
    trainer.mark(slotOf(window));
  }

  /** How often a window has begun again. */
  of({ number }: Window): number {
    return this.times.get(number) ?? 0;
  }

  /** Puts the state back to what it was when a window began. */
  toStart(window: Window): void {
    this.options.trainer.backToMark(slotOf(window));
  }

  /**
   * Goes back to the first state of the window that diverged, or of the one before it where it diverged early or has
   * begun again already, and moves φ: against the hypergradient of the last moment at which there was one, with tangents from
   * zero, as far as the outer optimizer's learning rate, and twice as far each further time. What came of the window before
   * is forgotten, by the outer optimizer too.
   *
   * @returns the window that is to begin again; null where there is no way back, and then the state is anywhere
   */
  async back(diverged: Window, { step }: Divergence): Promise<Window | null> {
    const { update, limit, rate = STEP } = this.options;
    const { window, update: saved } = this.origin(diverged, step);
    const times = this.of(window);
    if (times >= limit || rate === 0) return null;
    const gradient = await this.lastGradient(window, saved.phi, step - 1 - window.first);
    if (!gradient) return null;
    const longest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const size = rate * 2 ** times;
    this.toStart(window);
    update.restore(saved);
    update.retreat(gradient.map((g) => -size * (g / longest)));
    this.times.set(window.number, times + 1);
    this.total++;
    return window;
  }

  private origin(diverged: Window, step: number): Beginning {
    const [own, before] = [slotOf(diverged), 1 - slotOf(diverged)].map((slot) => this.kept[slot]);
    const startIsToBlame = step - diverged.first < EARLY || this.of(diverged) > 0;
    const follows = before?.window.number === diverged.number - 1 && !diverged.restart;
    return (startIsToBlame && follows ? before : own) as Beginning;
  }

  /** The hypergradient after as many of the window's steps as leave it finite; half as many are tried where there is none. */
  private async lastGradient(
    window: Window,
    phi: Float64Array,
    steps: number,
  ): Promise<Float64Array | null> {
    const { trainer, indexOf, signal, enter } = this.options;
    const { first, segment } = window;
    enter(window, phi);
    for (let tried = Math.min(steps, segment.steps); tried > 0; tried = Math.floor(tried / 2)) {
      if (window.restart) trainer.reset();
      else this.toStart(window);
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
