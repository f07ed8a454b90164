/**
 * A few steps of LeNet with local, then with glocal hypergradients on a GPU, by the built package:
 * short enough for compute-sanitizer, under which every kernel is many times slower. The later windows of each
 * study are replayed as graphs, and glocal fits by cuSOLVER. Fails when anything is not finite.
 */
import { array, glocal, learn, local, nn, optim, tune } from "../../dist/index.js";

const DEVICE = process.argv[2] ?? "cuda";
const [WINDOW, WINDOWS, BATCH, VALIDATION, PIXELS] = [5, 3, 16, 24, 28 * 28];

/** @param {number} count */
function images(count) {
  const x = Float32Array.from({ length: count * PIXELS }, (_, i) => Math.sin(i * i));
  const y = Int32Array.from({ length: count }, (_, i) => i % 10);
  return { x: array(x, [count, 28, 28, 1]), y: array(y) };
}

const data = {
  name: "waves",
  classes: 10,
  train: images(4 * BATCH + VALIDATION),
  test: images(10),
};
const estimators = {
  local: local({ window: WINDOW }),
  glocal: glocal({ window: WINDOW, last: WINDOW, stacks: 2 }),
};

for (const [name, hypergradient] of Object.entries(estimators)) {
  const study = tune({
    model: nn.lenet(),
    data,
    inner: optim.sgd({
      lr: learn.sigmoid(0.01),
      momentum: learn.sigmoid(0.9),
      weightDecay: learn.sigmoid(1e-4),
    }),
    hypergradient,
    validation: VALIDATION,
    batchSize: BATCH,
    steps: WINDOWS * WINDOW,
    mode: "forward",
    device: /** @type {"cuda" | "cpu"} */ (DEVICE),
  });
  for await (const { window, train, validation, hypergradient: h } of study) {
    const numbers = [train.loss, validation.loss, ...Object.values(h ?? {})];
    if (!numbers.every(Number.isFinite)) throw new Error(`${name}, window ${window}: ${numbers}`);
  }
  const { device, validation } = await study.result;
  console.log(`${name} on ${device}: validation loss ${validation.loss.toFixed(4)}`);
}
