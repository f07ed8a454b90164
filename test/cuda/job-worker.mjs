/**
 * Starts workers that run a long job on CUDA and terminates them meanwhile, then runs it on the main thread. The addon
 * is first loaded by a worker, so that it would be unloaded with it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

/** What the test wrote: the addon's path, options of the device, a program and a job. */
const { addon, options, code, kernels, modules, bytes, job } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
);

function start() {
  const device = createRequire(import.meta.url)(addon).createCudaDevice(options);
  const program = device.compile(Float64Array.from(code), { poison: false, modules, kernels });
  const x = device.allocate(bytes);
  return device.prepare(Float64Array.from(job), [program], [x]);
}

if (isMainThread) {
  for (let round = 0; round < 4; round++) {
    const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    // Sometimes in the first run, sometimes in one of graphs.
    await sleep(20 + 100 * round);
    await worker.terminate();
  }
  const ran = await start().run(new Int32Array(2));
  console.log(`alive, and ran ${ran}`);
} else {
  const native = start();
  const running = native.run(new Int32Array(2));
  parentPort.postMessage("running");
  await running;
  for (;;) await native.run(new Int32Array(2));
}
