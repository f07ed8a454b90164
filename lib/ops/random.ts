/**
 * Counter-based random numbers: Philox-4x32-10 (Salmon et al., SC 2011) of a
 * key, a site and a position. The same key gives the same numbers on every
 * device, in replay and in every lane; each call in a trace is a site of its own.
 */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { philox4x32 } from "../ir/philox.js";
import { type FloatDType, type Shape, sizeOf, type Type } from "../ir/types.js";
import { cast } from "./constant.js";
import { definePrimitive, noDerivative, type PrimitiveFunction, typeError } from "./define.js";
import { cos, log, lt, mul, neg, sqrt, sub } from "./elementwise.js";

interface RandomAttrs extends Attrs {
  readonly shape: Shape;
  readonly site: number;
  readonly dtype: FloatDType;
}

export const randomUniformPrimitive: PrimitiveFunction<RandomAttrs> = definePrimitive<RandomAttrs>({
  name: "randomUniform",
  type: (types, { shape, dtype }) => {
    const [key] = types as [Type];
    if (key.dtype !== "int32" || key.shape.length !== 1 || key.shape[0] !== 2)
      throw typeError("GLOCAL_BAD_DTYPE", "randomUniform", "a key of two int32 words", types);
    if (key.laned)
      throw typeError("GLOCAL_LANES", "randomUniform", "a key that all lanes share", types);
    return { dtype, shape };
  },
  ...noDerivative,
  reference: ([key], { shape, site, dtype }) => {
    const words = (key as ReferenceArray).data;
    const out = new Float64Array(sizeOf(shape));
    const block = new Uint32Array(4);
    for (let i = 0; i < out.length; i++) {
      if (i % 4 === 0)
        philox4x32([i / 4, site, 0, 0], [words[0] as number, words[1] as number], block);
      const word = block[i % 4] as number;
      out[i] = dtype === "float32" ? (word >>> 8) / 2 ** 24 : word / 2 ** 32;
    }
    return out;
  },
});

export interface RandomOptions {
  /** Default float32. */
  readonly dtype?: FloatDType;
}

/** Uniform numbers in [0, 1). `key` is two int32 words, e.g. a seed and a step. */
export function uniform(key: Tensor, shape: Shape, options: RandomOptions = {}): Tensor {
  const { dtype = "float32" } = options;
  const site = key.builder.nextRandomSite();
  return randomUniformPrimitive([key], { shape: [...shape], site, dtype });
}

/** Standard normal numbers, by the Box–Muller transform of two uniform ones. */
export function normal(key: Tensor, shape: Shape, options: RandomOptions = {}): Tensor {
  const radius = sqrt(mul(neg(log(sub(1, uniform(key, shape, options)))), 2));
  return mul(radius, cos(mul(uniform(key, shape, options), 2 * Math.PI)));
}

/** 1 with the given probability, else 0, in the dtype of the options. */
export function bernoulli(
  key: Tensor,
  probability: number | Tensor,
  shape: Shape,
  options: RandomOptions = {},
): Tensor {
  return cast(lt(uniform(key, shape, options), probability), options.dtype ?? "float32");
}
