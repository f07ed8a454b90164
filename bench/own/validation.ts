/**
 * Times one gradient of LeNet's loss over 6,000 validation images: windows of a step that only
 * shrinks the parameters a little, each followed by the hypergradient that takes this gradient.
 */
import { bilevel, datasets, learn, local, nn, ops, splitValidation } from "../../lib/index.js";
import { isHostArray } from "../../lib/ir/array.js";
import { flatten } from "../../lib/ir/tree.js";
import { SETTING } from "../setting.js";
import { spread } from "../statistics.js";
import { printFigure } from "./figure.js";
import { placeOptions, requested } from "./request.js";

const WARM_UP = 2;

const request = requested<{ runs: number }>();
const { train } = await datasets.fashionMnist({ dir: request.dir });
const { validation } = splitValidation(train, SETTING.validation, 0);
const model = nn.lenet();
const [parameters, tree] = flatten(model.initialize(0, "float32"), isHostArray);
const study = bilevel({
  state: parameters,
  hyper: { shrink: learn.sigmoid(1e-4) },
  step: (now, { shrink }) => now.map((p) => ops.sub(p, ops.mul(p, shrink))),
  criterion: (now, _, { x, y }, context) =>
    nn.softmaxCrossEntropy(model.apply(tree.rebuild(now) as nn.Params, x, context), y),
  data: { train: validation, validation },
  steps: WARM_UP + request.runs,
  batchSize: 1,
  hypergradient: local({ window: 1 }),
  ...placeOptions(request),
});
const times: number[] = [];
for await (const { msPerStep } of study) times.push(msPerStep);
printFigure(spread(times.slice(WARM_UP)));
