/**
 * Times steps of WRN-28-2 on batches of 128: plain, or with tangents for rate and decay. A window is
 * a few steps, and with tangents it ends in a hypergradient as well, of a single validation example.
 */
import { learn, local, nn, none, optim, tune } from "../../lib/index.js";
import { sizesOf } from "../program-size.js";
import { recordPrograms } from "../recorder.js";
import { spread } from "../statistics.js";
import { printFigure, productGflop, programNamed } from "./figure.js";
import { noise } from "./noise.js";
import { placeOptions, requested } from "./request.js";

/** Windows that are not timed: the first compiles and touches all memory, a GPU replays from the second on. */
const WARM_UP = { cpu: 1, cuda: 2 } as const;
const BATCH = 128;

export interface WideResnetRequest {
  readonly tangents: boolean;
  /** At least so many are timed. */
  readonly steps: number;
  /** Steps of a window. Default 3. */
  readonly window?: number;
}

const request = requested<WideResnetRequest>();
const { tangents, steps, window = 3 } = request;
const warmUp = WARM_UP[request.device ?? "cpu"];
const { value: study, programs } = recordPrograms(() =>
  tune({
    model: nn.wideResnet(28, 2),
    data: { name: "noise", classes: 10, train: noise(2 * BATCH + 1), test: noise(1) },
    inner: optim.sgd({ lr: learn.sigmoid(0.05), momentum: 0.9, weightDecay: learn.sigmoid(1e-3) }),
    hypergradient: (tangents ? local : none)({ window }),
    validation: 1,
    batchSize: BATCH,
    steps: (warmUp + Math.ceil(steps / window)) * window,
    mode: "forward",
    ...placeOptions(request),
  }),
);
const times: number[] = [];
for await (const { msPerStep } of study) times.push(msPerStep);
const program = programNamed(programs, tangents ? "step with 2 tangents" : "step");
printFigure(spread(times.slice(warmUp)), {
  gflop: productGflop(program),
  programs: sizesOf([program]),
});
