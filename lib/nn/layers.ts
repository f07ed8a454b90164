/** Layers: compositions of primitives, nothing more. Images are NHWC. */
import { GlocalError } from "../errors.js";
import type { Tensor } from "../ir/graph.js";
import { sizeOf } from "../ir/types.js";
import { full } from "../ops/constant.js";
import { conv2d as convolve } from "../ops/conv.js";
import { add, ge, mul, logistic as sigmoidOf, tanh as tanhOf, where } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { groupNormalize } from "../ops/normalize.js";
import { avgPool as average, maxPool as maximum, type PoolOptions } from "../ops/pool.js";
import { bernoulli } from "../ops/random.js";
import { mean } from "../ops/reduce.js";
import { reshape } from "../ops/shape.js";
import type { WindowOptions } from "../ops/window.js";
import { fanInUniform, type Initializer, ones, zeros } from "./initializers.js";
import type { Module } from "./module.js";

function positive(what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `${what} to be a whole number from 1`,
      received: String(value),
    });
}

/** A layer without parameters. */
export function stateless(apply: Module["apply"]): Module {
  return { init: () => ({}), apply };
}

export interface WeightOptions {
  /** Default: U(±1/√fan_in), as PyTorch. */
  readonly weight?: Initializer;
  /** Default: U(±1/√fan_in); false for no bias. */
  readonly bias?: Initializer | false;
}

function weighted(
  shape: readonly number[],
  fan: { in: number; out: number },
  { weight = fanInUniform, bias = fanInUniform }: WeightOptions,
  combine: (x: Tensor, weight: Tensor) => Tensor,
): Module {
  return {
    init: (context) => ({
      weight: weight(shape, fan, context),
      ...(bias ? { bias: bias([shape.at(-1) as number], fan, context) } : {}),
    }),
    apply: (params, x) => {
      const y = combine(x, params.weight as Tensor);
      return bias ? add(y, params.bias as Tensor) : y;
    },
  };
}

/** `x · weight + bias` with weight [inputs, outputs]. */
export function linear(inputs: number, outputs: number, options: WeightOptions = {}): Module {
  positive("inputs", inputs);
  positive("outputs", outputs);
  return weighted([inputs, outputs], { in: inputs, out: outputs }, options, matmul);
}

export interface Conv2dOptions extends WeightOptions, WindowOptions {
  /** Height and width of the kernel; a number is square. Default 3. */
  readonly kernel?: number | readonly [number, number];
}

/** Convolution of [n, h, w, inputs] to [n, h', w', outputs]; weight [kh, kw, inputs, outputs]. Default stride 1, no padding. */
export function conv2d(inputs: number, outputs: number, options: Conv2dOptions = {}): Module {
  const { kernel = 3, stride, padding } = options;
  const [kh, kw] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  for (const [what, value] of Object.entries({ inputs, outputs, kh, kw })) positive(what, value);
  const area = kh * kw;
  const where = {
    ...(stride === undefined ? {} : { stride }),
    ...(padding === undefined ? {} : { padding }),
  };
  const fan = { in: inputs * area, out: outputs * area };
  return weighted([kh, kw, inputs, outputs], fan, options, (x, w) => convolve(x, w, where));
}

/**
 * Group normalisation (Wu & He, 2018): statistics over height, width and the
 * channels of a group (consecutive ones), biased variance, then a scale and a
 * shift per channel.
 */
export function groupNorm(
  channels: number,
  groups: number,
  options: { epsilon?: number } = {},
): Module {
  positive("channels", channels);
  positive("groups", groups);
  if (channels % groups !== 0)
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: `groups to divide ${channels} channels`,
      received: String(groups),
    });
  const fan = { in: channels, out: channels };
  return {
    init: (context) => ({
      scale: ones([channels], fan, context),
      shift: zeros([channels], fan, context),
    }),
    apply: (params, x) => {
      return groupNormalize(x, params.scale as Tensor, params.shift as Tensor, {
        groups,
        ...options,
      });
    },
  };
}

/** x where x ≥ 0, else slope·x; the derivative at 0 is 1. Default slope 0.01. */
export function leakyRelu(slope = 0.01): Module {
  return stateless((_, x) => mul(x, where(ge(x, 0), full(x.shape, 1, x.dtype), slope)));
}

/** x where x ≥ 0, else 0; the derivative at 0 is 1. */
export function relu(): Module {
  return leakyRelu(0);
}

export function tanh(): Module {
  return stateless((_, x) => tanhOf(x));
}

export function sigmoid(): Module {
  return stateless((_, x) => sigmoidOf(x));
}

/** Mean of each window; default 2×2, moving by its own size. */
export function avgPool(options: PoolOptions = {}): Module {
  return stateless((_, x) => average(x, options));
}

/** Maximum of each window; default 2×2, moving by its own size. */
export function maxPool(options: PoolOptions = {}): Module {
  return stateless((_, x) => maximum(x, options));
}

/** [n, h, w, c] to [n, c]. */
export function globalAvgPool(): Module {
  return stateless((_, x) => mean(x, { axes: [1, 2] }));
}

/** [n, …] to [n, everything else], row-major. */
export function flatten(): Module {
  return stateless((_, x) => reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]));
}

/** In training zeroes entries with probability `rate` and divides the rest by 1 − rate; otherwise does nothing. */
export function dropout(rate: number): Module {
  if (!(rate >= 0 && rate < 1))
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "rate from 0 to below 1",
      received: String(rate),
    });
  return stateless((_, x, { train, key }) => {
    if (!train || rate === 0) return x;
    const kept = bernoulli(key, 1 - rate, x.shape, {
      dtype: x.dtype === "float64" ? "float64" : "float32",
    });
    return mul(x, mul(kept, 1 / (1 - rate)));
  });
}

/** Layers one after the other; the parameters carry the layers' names. Layers without parameters leave no entry. */
export function sequential(layers: Readonly<Record<string, Module>>): Module {
  const entries = Object.entries(layers);
  return {
    init: (context) =>
      Object.fromEntries(
        entries
          .map(([name, layer]) => [name, layer.init(context)] as const)
          .filter(([, params]) => Object.keys(params).length > 0),
      ),
    apply: (params, x, context) =>
      entries.reduce(
        (value, [name, layer]) =>
          layer.apply((params[name] ?? {}) as ReturnType<Module["init"]>, value, context),
        x,
      ),
  };
}
