/**
 * What becomes of the tangents when a window begins: they restart from zero (eq. 7–8), or those of
 * the window before are carried on (real-time hypergradients, Franceschi et al., ICML 2017).
 */
import { GlocalError } from "../errors.js";
import { checkPositive, isRecord, refuse, refuseUnknown } from "./options.js";
import type { TangentReport } from "./types.js";

/** Where a study stands when a window begins. */
export interface Progress {
  /** Inner steps before this window. */
  readonly stepsDone: number;
  /** Inner steps from here to the end of training, this window's included. */
  readonly stepsLeft: number;
  /** Inner steps of this window. */
  readonly window: number;
}

export interface CarriedTangents {
  /**
   * γ, with which tangents are multiplied as a window begins: a number in [0, 1] (default 1), a function of
   * where the study stands, or `"horizon"`, which makes the tangents look back on as many steps as are left
   * (or on all that were done, while those are fewer).
   */
  readonly decay?: number | "horizon" | ((progress: Progress) => number);
  /**
   * Largest norm of what one hyperparameter has changed of the training state, to first order, had it been larger by its own size
   * all along, in norms of that state: longer tangents are shortened, as a window begins and after every ten of its
   * steps, but for those of the hypergradients that are its trajectory. Default: none.
   */
  readonly clip?: number;
}

/** `"reset"`: every window's tangents begin at zero. `"carry"`: they go on from the window before. An object: they go on, less and less. */
export type Tangents = "reset" | "carry" | CarriedTangents;

/** How the tangents of one window begin when they are carried, and how long they may get. */
export interface Carry {
  /** 0 where they begin at zero. */
  readonly decay: number;
  /** Of each hyperparameter, in norms of the training state. */
  readonly clips: Float64Array;
}

/** What the device found as it carried tangents on, by entry of φ. */
export interface CarriedLanes {
  /** γ of the window; 0 where they began at zero after all. */
  readonly decay: number;
  /** As the window began, before decay and clipping. */
  readonly norms: Float64Array;
  /** The worst that became of them in the window: see `FATE`. */
  readonly fates: Float64Array;
}

/** Numbers, since they come from the device, in the order of how bad they are: tangents went on, were clipped, or were not finite and begin at zero. */
export const FATE = { carried: 0, clipped: 1, reset: 2 } as const;

const SETTINGS = new Set(["decay", "clip"]);

const NO_LANES: CarriedLanes = {
  decay: 0,
  norms: new Float64Array(0),
  fates: new Float64Array(0),
};

const isShare = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1;

/** @throws GLOCAL_BAD_OPTION */
export function checkTangents(value: unknown): void {
  if (value === undefined || value === "reset" || value === "carry") return;
  if (!isRecord(value)) refuse('tangents to be "reset", "carry" or { decay, clip }', value);
  refuseUnknown("tangents", value, SETTINGS);
  const { decay = 1, clip } = value;
  if (!isShare(decay) && decay !== "horizon" && typeof decay !== "function")
    refuse('decay of the tangents to be a number from 0 to 1, "horizon" or a function', decay);
  if (clip !== undefined) checkPositive("clip of the tangents", clip);
}

/**
 * The decay whose tangents look back on as many steps as are left.
 *
 * Steps weigh Πγ of the windows since. With M the sum of these weights when the window begins, it
 * is window + γ M when it ends. It is to be min(done, left) there: M is min(done, left) here, so
 * γ = min(done, left − 2 window) / min(done, left), where both count from the window's beginning.
 */
function horizonDecay({ stepsDone, stepsLeft, window }: Progress): number {
  const memory = Math.min(stepsDone, stepsLeft);
  return memory === 0 ? 0 : Math.max(0, Math.min(stepsDone, stepsLeft - 2 * window) / memory);
}

/** The tangents of a study from window to window: how each begins, and what is to be reported of it. */
export class TangentCourse {
  readonly carried: boolean;
  private readonly decay: Exclude<CarriedTangents["decay"], undefined>;
  private readonly clip: number;
  /** Steps that the tangents look back on, each with its weight, on average over hyperparameters; 0 while there are none to carry. */
  private memory = 0;

  constructor(rule: Tangents = "reset") {
    const { decay = 1, clip = Number.POSITIVE_INFINITY } = typeof rule === "object" ? rule : {};
    this.carried = rule !== "reset";
    this.decay = decay;
    this.clip = clip;
  }

  /**
   * How the next window's tangents begin; undefined where none are carried at all.
   *
   * @throws GLOCAL_BAD_OPTION for a decay function whose value is not in [0, 1]
   */
  begin(progress: Progress): { readonly decay: number; readonly clip: number } | undefined {
    if (!this.carried) return undefined;
    return { decay: this.memory === 0 ? 0 : this.decayAt(progress), clip: this.clip };
  }

  private decayAt(progress: Progress): number {
    if (this.decay === "horizon") return horizonDecay(progress);
    if (typeof this.decay === "number") return this.decay;
    const value: unknown = this.decay(progress);
    if (!isShare(value))
      throw new GlocalError("GLOCAL_BAD_OPTION", {
        expected: "the tangents' decay function to give a number from 0 to 1",
        received: `${String(value)} after ${progress.stepsDone} steps`,
      });
    return value as number;
  }

  /** A window of so many steps has ended: what there is to say of its tangents. */
  end(steps: number, lanes: CarriedLanes | null): TangentReport {
    const { decay, norms, fates } = lanes ?? NO_LANES;
    const count = (fate: number) => fates.filter((f) => f === fate).length;
    const wentOn = 1 - count(FATE.reset) / Math.max(1, fates.length);
    this.memory = steps + decay * wentOn * this.memory;
    return {
      decay,
      memory: this.memory,
      norm: norms.reduce((a, b) => Math.max(a, b), 0),
      clipped: count(FATE.clipped),
      reset: count(FATE.reset),
    };
  }

  /** The tangents are of no use: the next window's begin at zero. */
  drop(): void {
    this.memory = 0;
  }
}
