/**
 * Times steps of WRN-28-2 on batches of 128: plain, or with tangents for rate and decay. A window is
 * a few steps, and with tangents it ends in a hypergradient as well, of a single validation example.
 */
import { learn, local, nn, none, optim, tune } from "../../lib/index.js";
import { recordPrograms } from "../recorder.js";
import { spread } from "../statistics.js";
import { printFigure, productGflop, programNamed } from "./figure.js";
import { noise } from "./noise.js";
import { requested, threadsOption } from "./request.js";

/** Windows that are not timed. */
const WARM_UP = 1;
const WINDOW = 3;
const BATCH = 128;

const request = requested<{ tangents: boolean; steps: number }>();
const { tangents, steps } = request;
const { value: study, programs } = recordPrograms(() =>
  tune({
    model: nn.wideResnet(28, 2),
    data: { name: "noise", classes: 10, train: noise(2 * BATCH + 1), test: noise(1) },
    inner: optim.sgd({ lr: learn.sigmoid(0.05), momentum: 0.9, weightDecay: learn.sigmoid(1e-3) }),
    hypergradient: (tangents ? local : none)({ window: WINDOW }),
    validation: 1,
    batchSize: BATCH,
    steps: WARM_UP * WINDOW + Math.ceil(steps / WINDOW) * WINDOW,
    mode: "forward",
    ...threadsOption(request),
  }),
);
const times: number[] = [];
for await (const { msPerStep } of study) times.push(msPerStep);
const program = programNamed(programs, tangents ? "step with 2 tangents" : "step");
printFigure(spread(times.slice(WARM_UP)), productGflop(program));
