/** Normalisations, as compositions: their derivatives come from their parts. */
import type { Tensor } from "../ir/graph.js";
import { sizeOf } from "../ir/types.js";
import { broadcastTo, sum } from "./broadcast.js";
import { stopGradient } from "./constant.js";
import { add, div, exp, log, mul, neg, sqrt, square, sub } from "./elementwise.js";
import { max, mean, oneHot } from "./reduce.js";
import { reshape } from "./shape.js";

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

/**
 * Standardises each example and group of consecutive channels, with the biased variance, and gives
 * each channel its scale and shift: (x − mean) / √(variance + epsilon) · scale + shift.
 *
 * @param x [n, …, channels]
 * @param scale [channels]
 * @param shift [channels]
 * @param options groups divides the channels; epsilon, default 1e-5
 */
export function groupNormalize(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  { groups, epsilon = 1e-5 }: { groups: number; epsilon?: number },
): Tensor {
  const channels = x.shape.at(-1) as number;
  const examples = x.shape[0] as number;
  const within = x.shape.map((_, i) => i).slice(1, -1);
  const ones = within.map(() => 1);
  const size = sizeOf(x.shape.slice(1)) / groups;
  // Channel by channel first: only small tensors are seen as groups, so no reshape of a large one
  // stands between the kernels that make and use it.
  const groupMean = (v: Tensor) => {
    const channelSums = reshape(sum(v, { axes: within }), [examples, groups, channels / groups]);
    const means = mul(sum(channelSums, { axes: [2], keepDims: true }), 1 / size);
    return reshape(broadcastTo(means, channelSums.shape), [examples, ...ones, channels]);
  };
  const center = groupMean(x);
  // Two nodes, so that their cotangents are cheap enough not to be stored: their sum is not.
  const centred = () => sub(x, center);
  const variance = groupMean(mul(centred(), centred()));
  // One product and one sum for each element, and the gradients of both factors in two sums.
  const factor = mul(div(1, sqrt(add(variance, epsilon))), scale);
  return add(mul(x, factor), sub(shift, mul(center, factor)));
}
