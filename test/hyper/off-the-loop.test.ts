/** Training runs off the event loop, and a process or worker may end while it does. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { learn, local, nn, optim, type TuneOptions, tune } from "../../lib/index.js";
import { stripesData } from "./support.js";

const longWindow = (steps: number, more: Partial<TuneOptions> = {}) =>
  tune({
    model: nn.lenet(),
    data: stripesData(),
    inner: optim.sgd({ lr: learn.sigmoid(0.05) }),
    hypergradient: local({ window: steps }),
    steps,
    batchSize: 32,
    validation: 40,
    device: "cpu",
    threads: 1,
    ...more,
  });

test("timers go on firing while a window runs", async () => {
  const study = longWindow(400);
  const began = performance.now();
  let [ticks, worst, last] = [0, 0, began];
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last);
    last = now;
    ticks++;
  }, 5);
  await study.result;
  clearInterval(timer);
  const took = performance.now() - began;
  // One window, in one native call: were it on the loop, there would be no tick and a gap as long as it.
  expect(ticks).toBeGreaterThan(5);
  expect(worst).toBeLessThan(took / 2);
});

test("a window tells which step it is at", async () => {
  const seen: number[] = [];
  await longWindow(1500, { progress: (step) => seen.push(step) }).result;
  expect(seen.length).toBeGreaterThan(1);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.some((step) => step > 0 && step < 1500)).toBe(true);
});

const WORKER = fileURLToPath(new URL("./training-worker.mjs", import.meta.url));

test("terminating a worker thread in the midst of a window does not abort the process", async () => {
  const child = spawn(process.execPath, [WORKER], { stdio: "pipe" });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  child.stderr.on("data", (text) => {
    output += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.on("exit", (c, s) => resolve([c, s]));
  });
  expect({ code, signal, output }).toMatchObject({ code: 0, signal: null });
  expect(output).toContain("alive, and training again");
});
