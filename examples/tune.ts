/** LeNet learns MNIST while its learning rate, momentum and weight decay are tuned. */
import { datasets, glocal, learn, nn, optim, tune } from "../lib/index.js"; // "glocal" in a project of your own

const study = tune({
  model: nn.lenet(),
  data: await datasets.mnist(),
  inner: optim.sgd({
    lr: learn.sigmoid(0.05),
    momentum: learn.sigmoid(0.9),
    weightDecay: learn.sigmoid(5e-4),
  }),
  hypergradient: glocal({ window: 50, last: 10, stacks: 4 }),
  steps: Number(process.argv[2] ?? 500),
  batchSize: 128,
});
for await (const { step, hyper, validation } of study) console.log(step, hyper.lr, validation.loss);
const { test } = await study.result;
console.log(`test accuracy ${test?.accuracy}`);
