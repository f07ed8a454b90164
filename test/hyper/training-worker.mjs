/** Starts a worker that trains one long window, terminates it meanwhile, then trains on the main thread. */
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { tsImport } from "tsx/esm/api";

const { array, bilevel, learn, local, ops, optim } = await tsImport(
  "../../lib/index.ts",
  import.meta.url,
);

const train = (steps) =>
  bilevel({
    state: { w: array(new Float32Array(40_000), [200, 200]) },
    hyper: { lr: learn.sigmoid(0.5) },
    step: ({ w }, { lr }) => ({ w: ops.tanh(ops.add(ops.matmul(w, w), lr)) }),
    criterion: ({ w }, _, { x }) => ops.mul(x, ops.mean(w)),
    data: {
      train: { x: array(new Float32Array(4)) },
      validation: { x: array(new Float32Array(4)) },
    },
    steps,
    batchSize: 1,
    hypergradient: local({ window: steps }),
    outer: optim.sgd({ lr: 0 }),
    threads: 2,
  });

if (isMainThread) {
  for (let round = 0; round < 3; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await sleep(50);
    await worker.terminate();
  }
  const { steps } = await train(3).result;
  if (steps === 3) console.log("alive, and training again");
} else {
  const study = train(20_000);
  const running = study.result;
  parentPort.postMessage("training");
  await running;
}
