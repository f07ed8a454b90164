/** LeNet learns to tell small synthetic images apart while its hyperparameters are learned. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  array,
  glocal,
  type HostArray,
  learn,
  loadParams,
  local,
  nn,
  ops,
  optim,
  saveParams,
  type Tensor,
  tune,
  type WindowReport,
} from "../../lib/index.js";
import { smallData, smallModel, stripesData, windowsOf } from "./support.js";

describe("60 steps of LeNet with glocal hypergradients", async () => {
  const model = nn.lenet();
  const data = stripesData(400, 60);
  const study = tune({
    model,
    data,
    inner: optim.sgd({
      lr: learn.sigmoid(0.05),
      momentum: learn.sigmoid(0.8),
      weightDecay: learn.sigmoid(1e-3),
    }),
    outer: optim.adam({ lr: 0.1 }),
    hypergradient: glocal.paper({ window: 12, last: 8, stacks: 3 }),
    steps: 60,
    batchSize: 32,
    validation: 80,
    evaluate: { every: 24 },
    seed: 1,
    device: "cpu",
  });
  const windows = await windowsOf(study);
  const result = await study.result;

  test("the training loss falls to a fraction, and the test images are told apart", () => {
    const losses = windows.map((w) => w.train.loss as number);
    expect(losses.at(-1)).toBeLessThan(0.3 * (losses[0] as number));
    expect(result.test?.accuracy).toBeGreaterThan(0.8);
  });

  test("every hyperparameter moves, and stays in (0, 1)", () => {
    expect(Object.keys(result.hyper)).toEqual(["lr", "momentum", "weightDecay"]);
    for (const [name, start] of Object.entries(windows[0]?.hyper ?? {})) {
      const end = result.hyper[name] as number;
      // Adam's first step alone moves φ by 0.1.
      expect(Math.abs(end / (start as number) - 1), name).toBeGreaterThan(1e-3);
      expect(end).toBeGreaterThan(0);
      expect(end).toBeLessThan(1);
    }
  });

  test("windows say what they did", () => {
    expect(windows.map((w) => w.window)).toEqual([1, 2, 3, 4, 5]);
    expect(windows.map((w) => w.step)).toEqual([12, 24, 36, 48, 60]);
    expect(windows.filter((w) => w.test).map((w) => w.step)).toEqual([24, 48]);
    for (const w of windows) {
      expect(Object.keys(w.hypergradient ?? {})).toEqual(["lr", "momentum", "weightDecay"]);
      expect(w.eigenvalues?.length).toBeGreaterThan(0);
      expect(w.msPerStep).toBeGreaterThan(0);
    }
    expect(result.fallbacks).toBe(windows.filter((w) => w.fallback).length);
  });

  test("test loss and accuracy are those of model.predict with the trained parameters", () => {
    const { data: logits } = model.predict(result.params, data.test.x);
    const labels = data.test.y.data;
    let [loss, right] = [0, 0];
    labels.forEach((label, i) => {
      const row = [...logits.subarray(i * 10, i * 10 + 10)];
      loss += Math.log(row.reduce((a, v) => a + Math.exp(v), 0)) - (row[label] as number);
      if (row.indexOf(Math.max(...row)) === label) right++;
    });
    expect(result.test?.accuracy).toBeCloseTo(right / labels.length, 6);
    // Float32 logits of order 10 err by some 1e-6.
    expect(result.test?.loss).toBeCloseTo(loss / labels.length, 4);
  });

  test("saved and loaded parameters give the same predictions", async () => {
    const folder = await mkdtemp(join(tmpdir(), "glocal-study-"));
    try {
      const file = join(folder, "params.safetensors");
      await saveParams(file, result.params);
      const loaded = await loadParams(file, result.params);
      expect(model.predict(loaded, data.test.x)).toEqual(model.predict(result.params, data.test.x));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("tune", () => {
  const options = () => ({
    model: smallModel(),
    data: smallData(),
    inner: optim.sgd({ lr: learn.sigmoid(0.1) }),
    hypergradient: local({ window: 5 }),
    steps: 10,
    batchSize: 8,
    validation: 20,
    device: "cpu" as const,
  });

  test("takes a function and its parameters as a model", async () => {
    const params = { w: { data: new Float32Array(64 * 4), shape: [64, 4] } };
    const { params: trained, test: measured } = await tune({
      ...options(),
      model: ({ w }, x) => ops.matmul(ops.reshape(x, [x.shape[0] as number, 64]), w as Tensor),
      params,
      steps: 40,
    }).result;
    expect((trained.w as HostArray).shape).toEqual([64, 4]);
    expect(measured?.accuracy).toBeGreaterThan(0.8);
    expect(params.w.data.every((v) => v === 0)).toBe(true);
  });

  test("a model as function trains exactly like the model itself", async () => {
    const { model, ...rest } = options();
    const own = await tune({ model, ...rest }).result;
    const params = model.initialize(0);
    const function_ = await tune({ ...rest, model: model.apply, params }).result;
    expect(function_.params).toEqual(own.params);
  });

  test("starts from given parameters", async () => {
    const { model, ...rest } = options();
    const first = await tune({
      model,
      ...rest,
      inner: optim.sgd({ lr: learn.sigmoid(1e-9) }),
      params: model.initialize(7),
    }).result;
    const start = (model.initialize(7) as { linear: { weight: HostArray } }).linear.weight.data;
    const end = (first.params as unknown as { linear: { weight: HostArray } }).linear.weight.data;
    start.forEach((v, i) => {
      expect(end[i]).toBeCloseTo(v, 6);
    });
  });

  test("takes a loss of one's own, for training and for validation", async () => {
    const constant = (logits: Tensor) => ops.mul(ops.sum(logits, { axes: [1] }), 0);
    const { validation, test: measured } = await tune({ ...options(), loss: constant }).result;
    expect(validation.loss).toBe(0);
    expect(measured?.loss).toBe(0);
  });

  test("hands every window to the journal before it is yielded", async () => {
    const journal: WindowReport[] = [];
    const study = tune({ ...options(), journal: (report) => journal.push(report) });
    for await (const window of study) expect(journal.at(-1)).toBe(window);
    expect(journal.length).toBe(2);
  });

  test("an error of the journal ends the study with it", async () => {
    const study = tune({
      ...options(),
      journal: () => {
        throw new Error("disk full");
      },
    });
    await expect(study.result).rejects.toThrow("disk full");
  });

  test("trains with adam inside, whose learned settings are reported by name", async () => {
    const inner = optim.adam({ lr: learn.sigmoid(0.01), beta1: learn.sigmoid(0.9) });
    const { hyper, test: measured } = await tune({ ...options(), inner, steps: 40 }).result;
    expect(Object.keys(hyper)).toEqual(["lr", "beta1"]);
    expect(Number.isFinite(measured?.loss)).toBe(true);
  });

  test("works in float64 when the images are", async () => {
    const data = smallData();
    const wide = <S extends { x: HostArray }>(s: S) => ({
      ...s,
      x: array(Float64Array.from(s.x.data), s.x.shape),
    });
    const { params } = await tune({
      ...options(),
      data: { ...data, train: wide(data.train), test: wide(data.test) },
    }).result;
    expect((params.conv as { weight: HostArray }).weight.data).toBeInstanceOf(Float64Array);
  });
});
