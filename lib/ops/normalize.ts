/** Normalisations, as compositions: their derivatives come from their parts. */
import type { Tensor } from "../ir/graph.js";
import { sum } from "./broadcast.js";
import { stopGradient } from "./constant.js";
import { add, div, exp, log, mul, neg, sqrt, square, sub } from "./elementwise.js";
import { max, mean, oneHot } from "./reduce.js";

/** log Σ exp over an axis (default the last), kept as length 1; shifted by the maximum, so it does not overflow. */
function logSumExp(x: Tensor, axis: number): Tensor {
  const shift = stopGradient(max(x, { axes: [axis], keepDims: true }));
  return add(log(sum(exp(sub(x, shift)), { axes: [axis], keepDims: true })), shift);
}

/** x − log Σ exp(x) along an axis (default the last). */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return sub(x, logSumExp(x, axis));
}

/** exp(x) / Σ exp(x) along an axis (default the last). */
export function softmax(x: Tensor, axis = -1): Tensor {
  return exp(logSoftmax(x, axis));
}

/**
 * Cross-entropy of softmax(logits) with a class per example, in nats.
 *
 * @param logits [n, classes]
 * @param labels [n], int32
 * @returns [n], one loss per example
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.shape.at(-1) as number;
  const chosen = mul(logSoftmax(logits), oneHot(labels, classes, logits.dtype));
  return neg(sum(chosen, { axes: [-1] }));
}

/** (x − mean) / √(variance + epsilon) over axes, with the biased variance. Default epsilon 1e-5. */
export function standardize(
  x: Tensor,
  options: { axes: readonly number[]; epsilon?: number },
): Tensor {
  const { axes, epsilon = 1e-5 } = options;
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  const variance = mean(square(centred), { axes, keepDims: true });
  // One division for each statistic; elements are multiplied.
  return mul(centred, div(1, sqrt(add(variance, epsilon))));
}
