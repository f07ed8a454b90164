/** Same seed, same bits: for any number of threads, and however memory is planned. */
import { expect, test } from "vitest";
import {
  coded,
  global,
  glocal,
  learn,
  local,
  nn,
  none,
  ops,
  optim,
  type Split,
  type TuneOptions,
  tune,
} from "../../lib/index.js";
import { recipeOf } from "../../lib/ir/deferred.js";
import {
  bytesOf,
  linearProblem,
  run,
  smallData,
  smallModel,
  stripesData,
  windowsOf,
} from "./support.js";

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

test("carried tangents have the same bits with 1, 2 and 3 threads, and however memory is planned", async () => {
  const tangents = { decay: 0.7, clip: 3 };
  const carried = { hypergradient: glocal({ window: 8, last: 6, stacks: 2, tangents }), steps: 24 };
  const one = await bits({ ...carried, threads: 1 });
  expect(await bits({ ...carried, threads: 2 })).toBe(one);
  expect(await bits({ ...carried, threads: 3 })).toBe(one);
  const usual = await bits({ ...small, ...carried });
  for (const switches of [{ poison: true }, { shareMemory: false }, { merge: false }])
    expect(await bits({ ...small, ...carried, switches })).toBe(usual);
  expect(await bits({ ...small, steps: 24 })).not.toBe(usual);
});

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

test("images held as bytes give the same bits as their floats, and are never made on the host", async () => {
  const values = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - 0.3) / 0.35);
  const quantised = ({ x, y }: Split): Split => ({
    x: coded(
      Uint8Array.from(x.data, (v) => 127 + 60 * v),
      values,
      x.shape,
    ),
    y,
  });
  const { train, test: held, ...rest } = smallData();
  const bytes = { ...rest, train: quantised(train), test: quantised(held) };
  // Neither the validation nor the test examples fill their last chunk.
  const usual = await bits({ ...small, data: bytes, criterionBatch: 7 });
  expect(recipeOf(bytes.train.x)).toBeDefined();
  expect(recipeOf(bytes.test.x)).toBeDefined();
  const made = ({ x, y }: Split) => ({ x: { data: x.data, shape: x.shape }, y });
  const floats = { ...rest, train: made(bytes.train), test: made(bytes.test) };
  expect(await bits({ ...small, data: floats, criterionBatch: 7 })).toBe(usual);
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

test("random numbers belong to the seed and the step, whatever the windows", async () => {
  /** Each step adds its own draw to what is there: 10 w + u. */
  const drawn = async (overrides: Parameters<typeof linearProblem>[0]) =>
    (
      await run(
        linearProblem({
          step: ({ w }, { lr }, _, { key }) => {
            const fresh = ops.uniform(key, [3], { dtype: "float64" });
            return { w: ops.add(ops.mul(w, 10), ops.add(fresh, ops.mul(lr, 0))) };
          },
          outer: optim.sgd({ lr: 0 }),
          steps: 6,
          ...overrides,
        }),
      )
    ).result.state.w.data;
  const whole = await drawn({ hypergradient: none({ window: 6 }) });
  expect(await drawn({ hypergradient: none({ window: 4 }) })).toEqual(whole);
  expect(await drawn({ hypergradient: local({ window: 2 }), mode: "forward" })).toEqual(whole);
  expect(await drawn({ hypergradient: local({ window: 2 }), mode: "reverse" })).toEqual(whole);
  expect(await drawn({ hypergradient: global({ window: 2 }) })).toEqual(whole);
  expect(await drawn({ hypergradient: none(), seed: 1 })).not.toEqual(whole);
  const [one, two] = await Promise.all(
    [1, 2].map((steps) => drawn({ hypergradient: none(), steps, seed: 3 })),
  );
  const start = 0.5;
  const first = (one as Float64Array).map((v) => v - 10 * start);
  const second = (two as Float64Array).map((v, i) => v - 10 * (one?.[i] as number));
  // Draws are in [0, 1), and step 2 has others than step 1.
  expect([...first, ...second].every((u) => u >= 0 && u < 1)).toBe(true);
  second.forEach((u, i) => {
    expect(Math.abs(u - (first[i] as number))).toBeGreaterThan(1e-6);
  });
});
