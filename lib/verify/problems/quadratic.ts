/** A quadratic: all there is to know about it is known. */
import * as learn from "../../hyper/learn.js";
import { array, type HostArray } from "../../ir/array.js";
import type { Tensor } from "../../ir/graph.js";
import * as ops from "../../ops/index.js";
import type { VerifyProblem } from "../types.js";
import { type AnyProblem, anyProblem } from "./problem.js";
import { normals } from "./random.js";

const SIZE = 20;

interface State {
  readonly x: HostArray;
  readonly v: HostArray;
}

interface Rows {
  /** Curvatures and minima of training or validation, one row. */
  readonly curvature: HostArray;
  readonly minimum: HostArray;
}

function rows(curvature: Float64Array, minimum: Float64Array): Rows {
  const row = (data: Float64Array) => ({ data, shape: [1, SIZE] });
  return { curvature: row(curvature), minimum: row(minimum) };
}

/** Curvatures from 0.02 to 1; the minimum of the validation loss is near that of training, with curvatures of its own. */
export function quadratic(quick: boolean): AnyProblem {
  const curvature = Float64Array.from({ length: SIZE }, (_, i) => 0.02 * 50 ** (i / (SIZE - 1)));
  const minimum = normals(SIZE, 1);
  const apart = normals(SIZE, 2);
  const held = curvature.map((c, i) => c * Math.exp(0.5 * (normals(SIZE, 3)[i] as number)));
  const hyper = {
    lr: learn.sigmoid(0.1),
    momentum: learn.sigmoid(0.5),
    weightDecay: learn.sigmoid(0.001),
  };
  const problem: VerifyProblem<State, typeof hyper, Rows> = {
    state: { x: array(new Float64Array(SIZE)), v: array(new Float64Array(SIZE)) },
    hyper,
    step: ({ x, v }, { lr, momentum, weightDecay }, { curvature: c, minimum: m }) => {
      const flat = (row: Tensor) => ops.reshape(row, [SIZE]);
      const slope = ops.mul(flat(c), ops.sub(x, flat(m)));
      const next = ops.add(ops.mul(v, momentum), ops.add(slope, ops.mul(x, weightDecay)));
      return { x: ops.sub(x, ops.mul(next, lr)), v: next };
    },
    criterion: ({ x }, _, { curvature: c, minimum: m }) =>
      ops.sum(ops.mul(ops.mul(c, 0.5), ops.square(ops.sub(ops.reshape(x, [1, SIZE]), m))), {
        axes: [1],
      }),
    data: {
      train: rows(curvature, minimum),
      validation: rows(
        held,
        minimum.map((x, i) => x + 0.3 * (apart[i] as number)),
      ),
    },
    batchSize: 1,
    device: "cpu",
  };
  return anyProblem({
    problem,
    starts: quick ? [0, 50] : [0, 50, 100, 200, 300],
    horizons: quick ? [150] : [150, 300, 500],
  });
}
