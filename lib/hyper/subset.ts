/** A criterion on few examples: which of the validation data each window sees. */
import { randomSubset } from "../data/subset.js";
import { checkWhole, refuse, refuseUnknown } from "./options.js";

export interface CriterionSample {
  /** Examples of the validation data that a window's hypergradients see, at most all of them. */
  readonly batch: number;
  /** When others are drawn: `"window"` (default), so that all points of a trajectory see the same ones. */
  readonly resample?: "window";
}

const SETTINGS = new Set(["batch", "resample"]);

export class Subset {
  readonly size: number;

  /**
   * @param name what the user calls the setting
   * @param count of all validation examples
   * @throws GLOCAL_BAD_OPTION
   */
  constructor(
    sample: CriterionSample,
    name: string,
    private readonly count: number,
    private readonly seed: number,
  ) {
    refuseUnknown(name, sample, SETTINGS);
    const { batch, resample = "window" } = sample;
    checkWhole(`${name}.batch`, batch, 1, count);
    if (resample !== "window") refuse(`${name}.resample to be "window"`, resample);
    this.size = batch;
  }

  /** The examples of a window, counted from 1: the same for the same seed, whatever came before. */
  of(window: number): Int32Array {
    return randomSubset(this.count, this.size, { seed: this.seed, draw: window });
  }
}
