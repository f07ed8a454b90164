/** Small models whose training steps are run as for CUDA. */
import type { Tensor } from "../../../lib/ir/graph.js";
import * as ops from "../../../lib/ops/index.js";
import { models as batchModels } from "../batch/training-models.js";
import { CLASSES, type TrainedModel } from "../batch/training-step.js";

export const models: Readonly<Record<string, TrainedModel>> = {
  ...batchModels,
  // Sums over enough pixels to be cut into parts.
  "large images": {
    params: [[3, 3, 2, CLASSES], [CLASSES]],
    example: [40, 40, 2],
    loss: ([w, b]: readonly Tensor[], x, labels) => {
      const y = ops.add(ops.conv2d(x, w as Tensor, { padding: 1 }), b as Tensor);
      return ops.softmaxCrossEntropy(ops.mean(ops.tanh(y), { axes: [1, 2] }), labels);
    },
  },
};
