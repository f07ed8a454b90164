/**
 * Times a step of data reweighting in 32 lanes: WRN-16-2 on batches of 16. A window of one step takes
 * 13 passes of 32 lanes, each a step with tangents; the figure is a pass's share of the second window.
 */
import { array, bilevel, type HostArray, local, nn, optim } from "../../lib/index.js";
import { isHostArray } from "../../lib/ir/array.js";
import { flatten } from "../../lib/ir/tree.js";
import { sizeOf } from "../../lib/ir/types.js";
import { recordPrograms } from "../recorder.js";
import { REWEIGHTING_HYPERPARAMETERS, reweighting, weightNetwork } from "../reweighting.js";
import { spread } from "../statistics.js";
import { printFigure, productGflop, programNamed } from "./figure.js";
import { noise } from "./noise.js";
import { placeOptions, requested } from "./request.js";

const BATCH = 16;
const LANES = 32;
const PASSES = Math.ceil(REWEIGHTING_HYPERPARAMETERS / LANES);

const small = (shape: readonly number[]) =>
  array(
    Float32Array.from({ length: sizeOf(shape) }, () => 0.2 * (Math.random() - 0.5)),
    shape,
  );

const request = requested();
const model = nn.wideResnet(16, 2);
const [parameters, tree] = flatten(model.initialize(0, "float32"), isHostArray);
const zeros = ({ shape, data }: HostArray) => array(new Float32Array(data.length), shape);
const { value: study, programs } = recordPrograms(() =>
  bilevel({
    ...reweighting(model, tree),
    state: { parameters, velocity: parameters.map(zeros) },
    hyper: weightNetwork(small),
    data: { train: noise(BATCH), validation: noise(1) },
    steps: 2,
    batchSize: BATCH,
    hypergradient: local({ window: 1 }),
    outer: optim.sgd({ lr: 0.1 }),
    mode: "forward",
    lanes: LANES,
    ...placeOptions(request),
  }),
);
// The first window touches all memory for the first time.
let last = 0;
for await (const { msPerStep } of study) last = msPerStep;
const program = programNamed(programs, `step with ${LANES} tangents`);
printFigure(spread([last / PASSES]), { gflop: productGflop(program) });
