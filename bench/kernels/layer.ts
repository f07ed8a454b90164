/** Layers inside a case. */
import type { Tensor } from "../../lib/ir/graph.js";
import type { Module, Params } from "../../lib/nn/module.js";

/** The output of a layer that draws no random numbers: any tensor will do for their key. */
export const apply = (layer: Module, params: Params, x: Tensor): Tensor =>
  layer.apply(params, x, { train: true, key: x });
