/** One window of hyperparameter tuning on a handful of made-up pictures: the whole package at work, in a second. */

const assert = require("node:assert/strict");

/** Pictures whose class is where their bright band lies. */
function pictures(count) {
  const x = new Float32Array(count * 28 * 28);
  const y = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    y[i] = i % 10;
    const start = (i * 28 + 2 * y[i] + 4) * 28;
    x.fill(1, start, start + 56);
  }
  return { x: { data: x, shape: [count, 28, 28, 1] }, y: { data: y, shape: [count] } };
}

/** @param {typeof import("glocal")} package_ @param {typeof import("glocal/koopman")} koopman */
async function trainOneWindow({ tune, learn, nn, optim, glocal }, { dmd }) {
  const study = tune({
    model: nn.lenet(),
    data: { name: "bands", train: pictures(80), test: pictures(20), classes: 10 },
    inner: optim.sgd({
      lr: learn.sigmoid(0.1),
      momentum: learn.sigmoid(0.9),
      weightDecay: learn.sigmoid(5e-4),
    }),
    outer: optim.adam({ lr: 0.05 }),
    hypergradient: glocal({ window: 10, last: 6, stacks: 2 }),
    steps: 10,
    batchSize: 16,
    seed: 0,
    device: "cpu",
  });
  const windows = [];
  for await (const window of study) windows.push(window);
  const { test } = await study.result;
  assert.equal(windows.length, 1);
  assert.ok(Number.isFinite(windows[0].validation.loss), "the validation loss is a number");
  assert.ok(Number.isFinite(windows[0].hypergradient.lr), "the hypergradient is a number");
  assert.ok(Number.isFinite(test.loss), "the test loss is a number");
  assert.equal(typeof dmd, "function");
  return `one window trained, dℓ/d(learning rate) ≈ ${windows[0].hypergradient.lr.toExponential(2)}`;
}

module.exports = { trainOneWindow };
