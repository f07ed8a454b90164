/** Classifiers of made-up data, each step on all of them. */
import * as nn from "../../nn/index.js";
import { blobs, CLASSES, FEATURES } from "./blobs.js";
import { classifier } from "./classifier.js";
import { type AnyProblem, anyProblem } from "./problem.js";

const COUNT = 150;

const logisticModel = () =>
  nn.model("logistic", nn.sequential({ linear: nn.linear(FEATURES, CLASSES) }));

const mlpModel = () =>
  nn.model(
    "mlp",
    nn.sequential({
      hidden: nn.linear(FEATURES, 16),
      act: nn.tanh(),
      out: nn.linear(16, CLASSES),
    }),
  );

export const logistic = (quick: boolean): AnyProblem => fullBatch(logisticModel(), 0.1, quick);

export const mlp = (quick: boolean): AnyProblem => fullBatch(mlpModel(), 0.05, quick);

function fullBatch(model: nn.Model, lr: number, quick: boolean): AnyProblem {
  return anyProblem({
    problem: classifier({
      model,
      data: { train: blobs(COUNT, 21), validation: blobs(COUNT, 22) },
      batchSize: COUNT,
      lr,
      momentum: 0.5,
      weightDecay: 0.001,
    }),
    starts: quick ? [0, 50] : [0, 50, 100, 200, 300],
    horizons: quick ? [150] : [150, 300, 500],
  });
}
