/** Data: loaders, splits and batches. */

import { fashionMnist } from "./fashion-mnist.js";
import { mnist } from "./mnist.js";

export { type Batches, type BatchesOptions, checkBatchSize, shuffledBatches } from "./batches.js";
export { parseIdx, readIdx } from "./idx.js";
export type { DatasetOptions } from "./mnist.js";
export { splitValidation, validationCount } from "./split.js";
export { randomSubset } from "./subset.js";
export type { Dataset, Split } from "./types.js";

/** Loaders by name. */
export const datasets = { mnist, fashionMnist } as const;
