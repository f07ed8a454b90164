/**
 * Which training examples can be trusted? A quarter of the labels is wrong; one weight per example
 * is learned from a few clean validation examples, by `bilevel`.
 */
import { array, bilevel, grad, learn, local, ops, optim, type Tensor } from "../lib/index.js"; // "glocal" in a project of your own

const count = 64;
const wrong = (i: number) => i % 4 === 0;

/** Points on a line with their sign as label; the wrong ones have the other sign. */
function points(n: number, flip: (i: number) => boolean) {
  const x = Float32Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
  const y = x.map((v, i) => (v > 0 !== flip(i) ? 1 : -1));
  const index = Int32Array.from({ length: n }, (_, i) => i);
  return { x: array(x), y: array(y), index: array(index) };
}

type Batch = Record<"x" | "y" | "index", Tensor>;
type State = { slope: Tensor; offset: Tensor };

/** Logistic loss of each example. */
const losses = ({ slope, offset }: State, { x, y }: Batch) =>
  ops.softplus(ops.neg(ops.mul(y, ops.add(ops.mul(x, slope), offset))));

const { hyper } = await bilevel({
  state: { slope: array([0], []), offset: array([0], []) },
  hyper: { weight: learn.sigmoid(array(new Float32Array(count).fill(0.5))) },
  step: (state, { weight }, batch) => {
    const weighted = (s: State) =>
      ops.mean(ops.mul(losses(s, batch), ops.gather(weight, batch.index)));
    const g = grad(weighted)(state);
    return {
      slope: ops.sub(state.slope, ops.mul(g.slope, 0.5)),
      offset: ops.sub(state.offset, ops.mul(g.offset, 0.5)),
    };
  },
  criterion: (state, _, batch) => losses(state, batch),
  data: { train: points(count, wrong), validation: points(16, () => false) },
  steps: 200,
  batchSize: 32,
  hypergradient: local({ window: 10 }),
  outer: optim.adam({ lr: 0.2 }),
}).result;

const weights = hyper.weight as number[];
const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length;
console.log("mean weight of right labels", mean(weights.filter((_, i) => !wrong(i))).toFixed(3));
console.log("mean weight of wrong labels", mean(weights.filter((_, i) => wrong(i))).toFixed(3));
