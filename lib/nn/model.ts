/** Models: a module with a name that can be initialised and asked for predictions from the host. */
import { GlocalError } from "../errors.js";
import { type HostArray, isHostArray } from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { flatten } from "../ir/tree.js";
import { type FloatDType, sizeOf } from "../ir/types.js";
import { literal } from "../ops/constant.js";
import { compileFunction } from "../runtime/jit.js";
import type { Module, Params } from "./module.js";

/** Parameters on the host, in the same tree. */
export interface HostParams {
  readonly [name: string]: HostArray | HostParams;
}

export interface Model extends Module {
  readonly name: string;
  /** Initial parameters for a seed. Default dtype float32. */
  initialize(seed: number, dtype?: FloatDType): HostParams;
  /**
   * The model's output for inputs [n, …], e.g. logits [n, classes], computed in
   * batches on the default device. The dtype of the parameters must be that of the inputs.
   */
  predict(params: HostParams, x: HostArray, options?: { batchSize?: number }): HostArray;
}

const PREDICT_BATCH = 256;

/** Makes a model of a module, e.g. of `sequential({ … })`. */
export function model(name: string, module: Module): Model {
  const run = compileFunction((params: Params, x: Tensor) =>
    module.apply(params, x, {
      train: false,
      key: literal({ data: Int32Array.of(0, 0), shape: [2] }),
    }),
  );
  const inits = new Map<FloatDType, ReturnType<typeof compileFunction>>();
  return {
    ...module,
    name,
    initialize(seed, dtype = "float32") {
      const init =
        inits.get(dtype) ?? compileFunction((key: Tensor) => module.init({ key, dtype }));
      inits.set(dtype, init);
      return init({ data: Int32Array.of(seed, -1), shape: [2] }) as HostParams;
    },
    predict(params, x, { batchSize = PREDICT_BATCH } = {}) {
      const count = x.shape[0] ?? 0;
      if (x.shape.length < 1 || count < 1)
        throw new GlocalError("GLOCAL_BAD_SHAPE", {
          expected: "at least one input, [n, …]",
          received: `[${x.shape.join(",")}]`,
        });
      const row = sizeOf(x.shape.slice(1));
      const parts: HostArray[] = [];
      for (let from = 0; from < count; from += batchSize) {
        const to = Math.min(count, from + batchSize);
        const data = x.data.subarray(from * row, to * row);
        parts.push(run(params, { data, shape: [to - from, ...x.shape.slice(1)] }) as HostArray);
      }
      return joinRows(parts);
    },
  };
}

function joinRows(parts: readonly HostArray[]): HostArray {
  const [first] = parts as [HostArray];
  const width = sizeOf(first.shape.slice(1));
  const count = parts.reduce((n, p) => n + (p.shape[0] as number), 0);
  const data = new (first.data.constructor as new (n: number) => HostArray["data"])(count * width);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [count, ...first.shape.slice(1)] };
}

/** How many numbers a tree of parameters holds. */
export function countParams(params: HostParams): number {
  return flatten(params, isHostArray)[0].reduce((n, p) => n + sizeOf(p.shape), 0);
}
