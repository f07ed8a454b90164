/** A classifier trained by SGD with momentum, as a bilevel problem that can begin from any state. */
import { splitValidation } from "../../data/split.js";
import type { Split } from "../../data/types.js";
import * as learn from "../../hyper/learn.js";
import { allocate, dtypeOf, type HostArray, isHostArray } from "../../ir/array.js";
import type { Tensor } from "../../ir/graph.js";
import { flatten } from "../../ir/tree.js";
import type { HostParams, Model } from "../../nn/model.js";
import type { Params } from "../../nn/module.js";
import { softmaxCrossEntropy } from "../../ops/normalize.js";
import { mean } from "../../ops/reduce.js";
import { sgd } from "../../optim/sgd.js";
import { isTensor } from "../../trace/trace.js";
import { tracedValueAndGrad } from "../../transform/grad.js";
import type { VerifyProblem } from "../types.js";

interface State {
  readonly params: HostParams;
  readonly velocity: readonly HostArray[];
}

export interface ClassifierOptions {
  readonly model: Model;
  readonly data: { readonly train: Split; readonly validation: Split };
  readonly batchSize: number;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly seed?: number;
}

export const split = (all: Split, validation: number): ClassifierOptions["data"] =>
  splitValidation(all, validation, 0);

export function classifier(options: ClassifierOptions) {
  const { model, data, batchSize, lr, momentum, weightDecay, seed = 0 } = options;
  const dtype = data.train.x.data instanceof Float64Array ? "float64" : "float32";
  const params = model.initialize(seed, dtype);
  const [leaves, paramsDef] = flatten(params, isHostArray);
  const inner = sgd({
    lr: learn.sigmoid(lr),
    momentum: learn.sigmoid(momentum),
    weightDecay: learn.sigmoid(weightDecay),
  });
  const velocity = leaves.map(({ data: values, shape }) => ({
    data: allocate(dtypeOf(values), values.length),
    shape,
  }));
  const problem: VerifyProblem<State, typeof inner.hyper, Split> = {
    state: { params, velocity },
    hyper: inner.hyper,
    step: (now, hyper, { x, y }, context) => {
      const loss = (p: Params) => mean(softmaxCrossEntropy(model.apply(p, x, context), y));
      const [value, gradient] = tracedValueAndGrad(loss, [now.params], 0);
      context.report("loss", value);
      const next = inner.update({
        params: flatten(now.params, isTensor)[0],
        grads: flatten(gradient, isTensor)[0],
        state: { momentum: now.velocity as readonly Tensor[] },
        hyper,
        step: context.step,
      });
      return {
        params: paramsDef.rebuild(next.params) as typeof now.params,
        velocity: next.state.momentum as typeof now.velocity,
      };
    },
    criterion: (now, _, { x, y }, context) =>
      softmaxCrossEntropy(model.apply(now.params as Params, x, context), y),
    data,
    batchSize,
    seed,
    device: "cpu",
  };
  return problem;
}
