/** Wide residual networks (Zagoruyko & Komodakis, 2016) with group normalisation, as the paper has them. */
import { GlocalError } from "../errors.js";
import { add } from "../ops/elementwise.js";
import { heNormal } from "./initializers.js";
import { conv2d, globalAvgPool, groupNorm, leakyRelu, linear, sequential } from "./layers.js";
import { type Model, model } from "./model.js";
import type { Module, Params } from "./module.js";

const GROUPS = 8;
/** Filters of the first convolution; the stages have 1, 2 and 4 times as many, times the width. */
const BASE = 16;

function conv(inputs: number, outputs: number, kernel: number, stride: number): Module {
  const padding = (kernel - 1) / 2;
  return conv2d(inputs, outputs, { kernel, stride, padding, bias: false, weight: heNormal });
}

/** Pre-activation block: the shortcut is the input, or a 1×1 projection of the activated input where the shape changes. */
function block(inputs: number, outputs: number, stride: number): Module {
  const activate = sequential({ norm1: groupNorm(inputs, GROUPS), act1: leakyRelu() });
  const branch = sequential({
    conv1: conv(inputs, outputs, 3, stride),
    norm2: groupNorm(outputs, GROUPS),
    act2: leakyRelu(),
    conv2: conv(outputs, outputs, 3, 1),
  });
  const projects = inputs !== outputs || stride !== 1;
  const shortcut = conv(inputs, outputs, 1, stride);
  return {
    init: (context) => ({
      ...activate.init(context),
      ...branch.init(context),
      ...(projects ? { shortcut: shortcut.init(context) } : {}),
    }),
    apply: (params, x, context) => {
      const active = activate.apply(params, x, context);
      const around = projects ? shortcut.apply(params.shortcut as Params, active, context) : x;
      return add(around, branch.apply(params, active, context));
    },
  };
}

/**
 * For images [n, 32, 32, channels]: WRN-28-2 has about 1.5 million parameters.
 * 3×3 convolution to 16 filters; three stages of (depth − 4) / 6 blocks with
 * 16, 32 and 64 × width filters, the last two begin with stride 2; then group
 * normalisation (8 groups), leaky ReLU, global mean, linear. He-normal kernels,
 * no convolution biases.
 *
 * @throws GLOCAL_BAD_OPTION unless depth is 6n + 4 and width a whole number from 1
 */
export function wideResnet(
  depth: number,
  width: number,
  options: { channels?: number; classes?: number } = {},
): Model {
  const { channels = 3, classes = 10 } = options;
  const perStage = (depth - 4) / 6;
  if (!Number.isInteger(perStage) || perStage < 1)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "a depth of 6n + 4, such as 16 or 28",
      received: String(depth),
    });
  if (!Number.isInteger(width) || width < 1)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "width to be a whole number from 1",
      received: String(width),
    });
  const layers: Record<string, Module> = { conv1: conv(channels, BASE, 3, 1) };
  let inputs = BASE;
  for (let stage = 0; stage < 3; stage++) {
    const outputs = BASE * 2 ** stage * width;
    for (let i = 0; i < perStage; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      layers[`stage${stage + 1}_block${i + 1}`] = block(inputs, outputs, stride);
      inputs = outputs;
    }
  }
  return model(
    `wrn-${depth}-${width}`,
    sequential({
      ...layers,
      norm: groupNorm(inputs, GROUPS),
      act: leakyRelu(),
      pool: globalAvgPool(),
      linear: linear(inputs, classes),
    }),
  );
}
