/** What the compiler makes of tune and bilevel: checked by tsc, never run. */
import {
  array,
  bilevel,
  type Dataset,
  type HostArray,
  learn,
  nn,
  ops,
  optim,
  type Tensor,
  tune,
} from "../../lib/index.js";
import { type Equal, expectType } from "./expect-type.js";

declare const data: Dataset;
const floats = new Float32Array(8);
const base = { model: nn.lenet(), data, inner: optim.sgd({ lr: 0.1 }), steps: 10, batchSize: 4 };

const study = tune({ ...base, inner: optim.sgd({ lr: learn.sigmoid(0.1) }) });
export async function readsWindows() {
  for await (const window of study) {
    expectType<Equal<typeof window.step, number>>();
    expectType<Equal<typeof window.train.loss, number | null>>();
    expectType<Equal<typeof window.validation.loss, number | null>>();
  }
  const { params, test } = await study.result;
  nn.lenet().predict(params, array(floats, [1, 2, 4, 1]));
  expectType<Equal<typeof test, { readonly loss: number; readonly accuracy: number } | null>>();
}

// @ts-expect-error the model is missing
tune({ data, inner: optim.sgd({ lr: 0.1 }), steps: 10, batchSize: 4 });
// @ts-expect-error an optimizer is no name
tune({ ...base, inner: "sgd" });
// @ts-expect-error a setting that SGD does not have
optim.sgd({ lr: 0.1, beta1: 0.9 });
// @ts-expect-error there is no such way to end
tune({ ...base, onDivergence: "ignore" });

// The step and the criterion see tensors where the state and the data have arrays.
const own = bilevel({
  state: { w: array(floats), count: array(Int32Array.of(0), []) },
  hyper: { lr: learn.sigmoid(0.1), fixed: 2 },
  data: {
    train: { x: array(floats, [4, 2]) },
    validation: { x: array(floats, [4, 2]) },
  },
  steps: 4,
  batchSize: 2,
  step: (state, hyper, batch, { step, key }) => {
    expectType<Equal<typeof state.w, Tensor>>();
    expectType<Equal<typeof hyper.lr, Tensor>>();
    expectType<Equal<typeof hyper.fixed, Tensor>>();
    expectType<Equal<typeof batch.x, Tensor>>();
    expectType<Equal<typeof step, Tensor>>();
    expectType<Equal<typeof key, Tensor>>();
    return { w: ops.mul(state.w, hyper.lr), count: state.count };
  },
  criterion: (state, _, batch) => ops.matmul(batch.x, state.w),
});
export async function readsState() {
  const { state } = await own.result;
  expectType<Equal<typeof state.w, HostArray>>();
}

bilevel({
  state: { w: array(floats) },
  hyper: {},
  data: { train: { x: array(floats) }, validation: { x: array(floats) } },
  steps: 1,
  batchSize: 1,
  // @ts-expect-error a step returns a state like the one it gets
  step: (state) => ({ v: state.w }),
  criterion: (state) => state.w,
});
