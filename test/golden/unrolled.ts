/** A golden's whole training as one traced function of its hyperparameters, for `jvp`. */
import { type HostArray, ops, type Tensor } from "../../lib/index.js";
import type { GoldenData, Step, TrainingState } from "./problem.js";

export function unrolled<Hyper>(data: GoldenData, step: Step<Hyper>, steps: number) {
  const lift = (arrays: readonly HostArray[]) => arrays.map(ops.literal);
  return (hyper: Hyper): TrainingState<Tensor> => {
    const [x, y] = [ops.literal(data.train.x), ops.literal(data.train.y)];
    let state: TrainingState<Tensor> = {
      params: lift(data.state.params),
      momentum: lift(data.state.momentum),
    };
    for (let t = 0; t < steps; t++) {
      const index = ops.literal({ data: data.batches.at(t), shape: [data.batchSize] });
      state = step(
        state,
        hyper,
        { x: ops.gather(x, index), y: ops.gather(y, index) },
        {
          step: ops.full([], t, "int32"),
          key: ops.zeros([2], "int32"),
          train: true,
          report: () => {},
        },
      );
    }
    return state;
  };
}
