/** Small models that have, between them, all that a batch can go through. */
import type { Tensor } from "../../../lib/ir/graph.js";
import * as ops from "../../../lib/ops/index.js";
import { CLASSES, EXAMPLES, type TrainedModel } from "./training-step.js";

type Values = readonly Tensor[];

const dense = (x: Tensor, weight?: Tensor, bias?: Tensor) => {
  const y = ops.matmul(x, weight as Tensor);
  return bias ? ops.add(y, bias) : y;
};
const flat = (x: Tensor) => ops.reshape(x, [EXAMPLES, -1]);

export const models: Readonly<Record<string, TrainedModel>> = {
  "dense layers": {
    params: [[5, 7], [7], [7, CLASSES], [CLASSES]],
    example: [5],
    loss: ([w, b, v, c]: Values, x, labels) =>
      ops.softmaxCrossEntropy(dense(ops.tanh(dense(x, w, b)), v, c), labels),
  },
  "convolutions and average pooling": {
    params: [[3, 3, 2, 3], [3], [2, 2, 3, 4], [16, CLASSES]],
    example: [8, 8, 2],
    loss: ([w, b, u, v]: Values, x, labels) => {
      const first = ops.tanh(ops.add(ops.conv2d(x, w as Tensor, { padding: 1 }), b as Tensor));
      const second = ops.conv2d(ops.avgPool(first, { window: 2 }), u as Tensor, { stride: 2 });
      return ops.softmaxCrossEntropy(dense(flat(second), v), labels);
    },
  },
  "max pooling": {
    params: [
      [3, 3, 2, 4],
      [36, CLASSES],
    ],
    example: [8, 8, 2],
    loss: ([w, v]: Values, x, labels) => {
      const pooled = ops.maxPool(ops.conv2d(x, w as Tensor), { window: 2 });
      return ops.softmaxCrossEntropy(dense(flat(pooled), v), labels);
    },
  },
  "statistics over groups of an example's channels": {
    params: [[1, 1, 2, 6], [6], [6], [6, CLASSES]],
    example: [3, 3, 2],
    loss: ([w, scale, shift, v]: Values, x, labels) => {
      const groups = ops.reshape(ops.conv2d(x, w as Tensor), [EXAMPLES, 3, 3, 2, 3]);
      const normal = ops.reshape(ops.standardize(groups, { axes: [1, 2, 4] }), [EXAMPLES, 3, 3, 6]);
      const scaled = ops.add(ops.mul(normal, scale as Tensor), shift as Tensor);
      const pooled = ops.mean(ops.tanh(scaled), { axes: [1, 2] });
      return ops.softmaxCrossEntropy(dense(pooled, v), labels);
    },
  },
  "statistics over the batch": {
    params: [
      [5, 7],
      [7, CLASSES],
    ],
    example: [5],
    // Lanes of rows leave the regions, which then are not cut.
    regions: { plain: 5, tangents: 0, adjoints: 0 },
    loss: ([w, v]: Values, x, labels) => {
      const normal = ops.standardize(dense(x, w), { axes: [0] });
      return ops.softmaxCrossEntropy(dense(ops.tanh(normal), v), labels);
    },
  },
  "random numbers for the whole batch": {
    params: [
      [5, 8],
      [8, CLASSES],
    ],
    example: [5],
    loss: ([w, v]: Values, x, labels, key) => {
      const kept = ops.bernoulli(key, 0.6, [EXAMPLES, 8], { dtype: "float64" });
      const noise = ops.normal(key, [EXAMPLES, CLASSES], { dtype: "float64" });
      const hidden = ops.mul(ops.tanh(dense(x, w)), kept);
      return ops.softmaxCrossEntropy(ops.add(dense(hidden, v), noise), labels);
    },
  },
  "a maximum over the batch": {
    params: [
      [5, 7],
      [7, CLASSES],
    ],
    example: [5],
    regions: { plain: 3, tangents: 0, adjoints: 0 },
    loss: ([w, v]: Values, x, labels) => {
      const hidden = ops.tanh(dense(x, w));
      const most = ops.max(hidden, { axes: [0], keepDims: true });
      return ops.softmaxCrossEntropy(dense(ops.sub(hidden, most), v), labels);
    },
  },
  "rows of a trained table": {
    params: [
      [CLASSES, 5],
      [5, CLASSES],
    ],
    example: [5],
    loss: ([table, v]: Values, x, labels) => {
      const embedded = ops.mul(ops.gather(table as Tensor, labels), x);
      return ops.softmaxCrossEntropy(dense(embedded, v), labels);
    },
  },
  "rows that are joined, padded, cut and turned": {
    params: [
      [3, 4, 2],
      [24, CLASSES],
    ],
    example: [3, 4],
    loss: ([w, v]: Values, x, labels) => {
      const turned = ops.transpose(x, [0, 2, 1]);
      const joined = ops.concat([turned, ops.neg(turned)], 2);
      const padded = ops.pad(joined, { low: [0, 1, 0], high: [0, 0, 1], interior: [0, 1, 0] });
      const part = ops.slice(padded, {
        start: [0, 1, 0],
        limit: [EXAMPLES, 8, 6],
        step: [1, 2, 1],
      });
      const own = ops.reshape(ops.transpose(w as Tensor, [1, 0, 2]), [4, 6]);
      return ops.softmaxCrossEntropy(dense(flat(ops.mul(part, own)), v), labels);
    },
  },
  "a matrix for each example": {
    params: [
      [3, 3],
      [9, CLASSES],
    ],
    example: [3, 4],
    loss: ([w, v]: Values, x, labels) => {
      const gram = ops.matmul(ops.matmul(w as Tensor, x), x, { transB: true });
      return ops.softmaxCrossEntropy(dense(flat(gram), v), labels);
    },
  },
  "parameters and constants as long as the batch": {
    params: [[EXAMPLES, EXAMPLES], [EXAMPLES, CLASSES], [EXAMPLES], [EXAMPLES, EXAMPLES]],
    example: [EXAMPLES],
    regions: { plain: 2, tangents: 0, adjoints: 0 },
    loss: ([w, v, each, even]: Values, x, labels) => {
      const ramp = ops.cast(ops.iota(EXAMPLES), "float64");
      const column = ops.reshape(ramp, [EXAMPLES, 1]);
      const fixed = ops.literal({
        data: Float64Array.from({ length: EXAMPLES }, (_, i) => i % 4),
        shape: [EXAMPLES],
      });
      // As rows of the batch, and as matrices and vectors that every example meets.
      const hidden = ops.add(dense(x, w), ops.mul(w as Tensor, column));
      const shifted = ops.tanh(ops.add(ops.add(hidden, each as Tensor), ops.mul(ramp, 0.1)));
      const same = ops.matmul(
        ops.broadcastTo(each as Tensor, [EXAMPLES, EXAMPLES]),
        even as Tensor,
      );
      const logits = dense(ops.add(shifted, ops.tanh(same)), v);
      const losses = ops.softmaxCrossEntropy(logits, labels);
      return ops.mul(ops.add(losses, ops.mul(fixed, 0.5)), each as Tensor);
    },
  },
  "one loss of several terms": {
    params: [
      [5, 7],
      [7, CLASSES],
    ],
    example: [5],
    loss: ([w, v]: Values, x, labels) => {
      const hidden = ops.tanh(dense(x, w));
      const losses = ops.softmaxCrossEntropy(dense(hidden, v), labels);
      const twice = ops.add(ops.sum(ops.square(hidden)), ops.sum(dense(hidden, v)));
      const right = ops.cast(ops.eq(ops.argmax(dense(hidden, v)), labels), "int32");
      const correct = ops.cast(ops.sum(right), "float64");
      return ops.add(ops.add(ops.mean(losses), twice), ops.mul(correct, 0.1));
    },
  },
};
