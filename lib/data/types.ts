/** What a data set is. */

import type { HostArray } from "../ir/array.js";

/** Inputs and labels, example by example. */
export interface Split {
  /** float32, [n, …]; images are NHWC and standardised. */
  readonly x: HostArray;
  /** int32, [n]: class numbers from 0. */
  readonly y: HostArray;
}

export interface Dataset {
  readonly name: string;
  /** How many classes the labels can name. */
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
  /** The folder that it was read from; absent for data made in memory. */
  readonly source?: string;
}
