/** Same seed, same bits: for any number of threads, and however memory is planned. */
import { expect, test } from "vitest";
import { glocal, learn, nn, optim, type TuneOptions, tune } from "../../lib/index.js";
import { bytesOf, smallData, smallModel, stripesData, windowsOf } from "./support.js";

/** Parameters, hypergradients and losses of a study, as bytes. */
async function bits(overrides: Partial<TuneOptions> = {}): Promise<string> {
  const study = tune({
    model: nn.lenet(),
    data: stripesData(),
    inner: optim.sgd({
      lr: learn.sigmoid(0.05),
      momentum: learn.sigmoid(0.9),
      weightDecay: learn.sigmoid(1e-3),
    }),
    hypergradient: glocal({ window: 8, last: 6, stacks: 2 }),
    steps: 16,
    batchSize: 16,
    validation: 40,
    device: "cpu",
    ...overrides,
  });
  const windows = await windowsOf(study);
  const { params, validation, test: measured, schedule } = await study.result;
  const seen = windows.map(({ msPerStep: _, ...window }) => window);
  const numbers = JSON.stringify({ seen, validation, measured, schedule });
  return `${bytesOf(params)} ${numbers}`;
}

const small = { model: smallModel(), data: smallData(), validation: 20 };

test.each(["forward", "reverse"] as const)(
  "LeNet in float32 has the same bits with 1, 2 and 3 threads in %s mode",
  async (mode) => {
    const one = await bits({ threads: 1, mode });
    expect(await bits({ threads: 2, mode })).toBe(one);
    expect(await bits({ threads: 3, mode })).toBe(one);
  },
);

test("the same seed gives the same bits again, another one gives others", async () => {
  const first = await bits({ ...small, seed: 5 });
  expect(await bits({ ...small, seed: 5 })).toBe(first);
  expect(await bits({ ...small, seed: 6 })).not.toBe(first);
});

test("dropout draws the same numbers in every run of a seed", async () => {
  const layers = { flatten: nn.flatten(), drop: nn.dropout(0.5), linear: nn.linear(64, 4) };
  const dropping = { ...small, model: nn.model("dropping", nn.sequential(layers)) };
  const first = await bits(dropping);
  expect(await bits({ ...dropping, threads: 1 })).toBe(first);
  expect(await bits({ ...dropping, seed: 1 })).not.toBe(first);
});

test("poisoned scratch memory, and memory that is never shared, change no bit", async () => {
  for (const mode of ["forward", "reverse"] as const) {
    const usual = await bits({ ...small, mode });
    expect(await bits({ ...small, mode, switches: { poison: true } })).toBe(usual);
    expect(await bits({ ...small, mode, switches: { shareMemory: false } })).toBe(usual);
  }
});

test("unmerged maps change no bit", async () => {
  for (const mode of ["forward", "reverse"] as const) {
    const usual = await bits({ ...small, mode });
    expect(await bits({ ...small, mode, switches: { merge: false } })).toBe(usual);
  }
});
