import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { GlocalError } from "../../lib/errors.js";
import { loadParams, readJournal } from "../../lib/study/index.js";
import { writeSyntheticImages } from "../data/idx-bytes.js";
import { windowReport } from "../study/window-report.js";
import { FakeIo, fakeLibrary, run } from "./harness.js";

const NAME = "2026-01-02T03-04-05-lenet-mnist-glocal-seed0";
const WHOLE = [
  "config.json",
  "journal.jsonl",
  "params.safetensors",
  "result.json",
  "schedule.json",
];

let io: FakeIo;

beforeEach(() => {
  io = new FakeIo();
  writeSyntheticImages(join(io.cwd, "data"), { train: 200, test: 20 });
});

function readJson(...path: string[]) {
  return JSON.parse(readFileSync(join(io.cwd, ...path), "utf8"));
}

const line = "run lenet-mnist --data data --steps 200";

function diverged(): GlocalError {
  return new GlocalError("GLOCAL_DIVERGED", {
    expected: "finite losses",
    received: "NaN",
    divergence: { step: 117, what: "training loss NaN" },
  });
}

describe("a run", () => {
  test("asks for what the options say", async () => {
    const library = fakeLibrary();
    const options =
      "--lr 0.2 --momentum 0.5 --weight-decay 0.01 --seed 3 --batch 16 --window 20 --last 8 --stacks 3 --outer-lr 0.1 --evaluate-every 70 --validation 0.2 --device cpu --threads 2 --on-divergence record";
    expect(await run(`${line} ${options}`, io, library)).toBe(0);
    const sigmoid = (initial: number) => ({ kind: "sigmoid", options: initial });
    expect(library.asked).toEqual([
      expect.objectContaining({
        model: { kind: "lenet", options: {} },
        data: expect.objectContaining({ name: "mnist" }),
        inner: {
          kind: "sgd",
          options: { lr: sigmoid(0.2), momentum: sigmoid(0.5), weightDecay: sigmoid(0.01) },
        },
        outer: { kind: "adam", options: { lr: 0.1 } },
        hypergradient: { kind: "glocal", options: { window: 20, last: 8, stacks: 3 } },
        steps: 200,
        batchSize: 16,
        seed: 3,
        device: "cpu",
        threads: 2,
        validation: 0.2,
        evaluate: { every: 70 },
        onDivergence: "record",
      }),
    ]);
  });

  test.each([
    ["none", { lr: 3, momentum: 0, weightDecay: 0 }, "--lr 3 --momentum 0 --weight-decay 0"],
    ["local", undefined, ""],
    ["global", undefined, ""],
  ])("with --estimator %s", async (estimator, fixed, options) => {
    const library = fakeLibrary();
    expect(await run(`${line} --estimator ${estimator} ${options}`, io, library)).toBe(0);
    const [asked] = library.asked;
    expect(asked?.hypergradient).toEqual({ kind: estimator, options: { window: 50 } });
    expect(asked).not.toHaveProperty("threads");
    if (fixed) expect(asked?.inner).toEqual({ kind: "sgd", options: fixed });
  });

  test.each([
    ["--estimator last", { kind: "last", options: { window: 50 } }],
    ["--estimator mean --last 7", { kind: "mean", k: 7, options: { window: 50 } }],
    ["--estimator affine", { kind: "affine", options: { window: 50, last: 10 } }],
    [
      "--tangents reset",
      { kind: "glocal", options: { window: 50, last: 10, stacks: 4, tangents: "reset" } },
    ],
    ["--estimator paper", { kind: "paper", options: { window: 50, last: 10, stacks: 4 } }],
    [
      "--estimator local --tangents carry",
      { kind: "local", options: { window: 50, tangents: "carry" } },
    ],
    [
      "--estimator local --tangents carry --clip 9",
      { kind: "local", options: { window: 50, tangents: { clip: 9 } } },
    ],
    [
      "--estimator last --tangents 0.9 --clip 9",
      { kind: "last", options: { window: 50, tangents: { decay: 0.9, clip: 9 } } },
    ],
    [
      "--tangents horizon",
      {
        kind: "glocal",
        options: { window: 50, last: 10, stacks: 4, tangents: { decay: "horizon" } },
      },
    ],
  ])("with %s", async (options, wanted) => {
    const library = fakeLibrary();
    expect(await run(`${line} ${options}`, io, library)).toBe(0);
    expect(library.asked[0]?.hypergradient).toEqual(wanted);
    expect(library.asked[0]).not.toHaveProperty("criterion");
  });

  test("with a criterion on few examples, and says so in its config", async () => {
    const library = fakeLibrary();
    const options = "--estimator mean --tangents 0.5 --criterion-subset 20 --out here";
    expect(await run(`${line} ${options}`, io, library)).toBe(0);
    expect(library.asked[0]?.criterion).toEqual({ batch: 20 });
    expect(readJson("here", "config.json")).toMatchObject({
      hypergradient: { estimator: "mean", window: 50, last: 10, tangents: 0.5 },
      criterion: { subset: 20 },
    });
    expect(readJson("here", "config.json").hypergradient).not.toHaveProperty("stacks");
  });

  test("leaves a whole folder and ends with a table and its path", async () => {
    expect(await run(line, io, fakeLibrary())).toBe(0);
    const folder = join("runs", NAME);
    expect(readdirSync(join(io.cwd, folder)).sort()).toEqual(WHOLE);
    expect(readJson(folder, "config.json")).toMatchObject({
      recipe: "lenet-mnist",
      seed: 0,
      steps: 200,
      batch: 128,
      data: { name: "mnist", source: join(io.cwd, "data"), train: 200, test: 20 },
      inner: {
        optimizer: "sgd",
        lr: 0.01,
        momentum: 0.9,
        weightDecay: 1e-4,
        constraint: "sigmoid",
      },
      outer: { optimizer: "adam", lr: 0.05 },
      hypergradient: { estimator: "glocal", window: 50, last: 10, stacks: 4 },
      device: {
        requested: "auto",
        found: [{ usable: true }, { usable: false, reason: "libcuda.so.1 was not found" }],
      },
      versions: { node: process.version },
      startedAt: "2026-01-02T03:04:05.000Z",
    });
    const { windows } = await readJournal(join(io.cwd, folder, "journal.jsonl"));
    expect(windows).toEqual([1, 2, 3, 4].map((window) => windowReport(window)));
    expect(readJson(folder, "schedule.json")).toHaveLength(4);
    expect(await loadParams(join(io.cwd, folder, "params.safetensors"))).toEqual({
      conv1: { bias: { data: Float32Array.of(1, 2), shape: [2] } },
    });
    expect(io.stdout.text.replaceAll(io.cwd, "…")).toMatchSnapshot();
    expect(io.stderr.text).toBe("");
    expect(io.listens).toBe(false);
  });

  test("with --json prints the result on stdout and nothing else there", async () => {
    const library = fakeLibrary({
      report: (window) =>
        window === 2
          ? {
              fallback: "no eigenvalue was kept",
              tangents: { decay: 1, memory: 100, norm: Number.NaN, clipped: 0, reset: 3 },
            }
          : {},
    });
    expect(await run(`${line} --json --out here`, io, library)).toBe(0);
    expect(JSON.parse(io.stdout.text)).toEqual({
      recipe: "lenet-mnist",
      estimator: "glocal",
      seed: 0,
      device: "cpu",
      deviceReason: "no CUDA: libcuda.so.1 was not found",
      threads: 2,
      steps: 200,
      msPerStep: 10,
      initial: { lr: 0.01, momentum: 0.9, weightDecay: 1e-4 },
      hyper: { lr: 0.04, momentum: 0.9, weightDecay: 1e-4 },
      validation: { loss: 2.1 / 4 },
      test: { loss: 0.25, accuracy: 0.9375 },
      windows: 4,
      fallbacks: 1,
      clips: 0,
      resets: 1,
      rewinds: 0,
      stopped: false,
      diverged: null,
      error: null,
      folder: join(io.cwd, "here"),
    });
    expect(readJson("here", "result.json")).toEqual(JSON.parse(io.stdout.text));
    expect(io.stderr.text).toMatch(/step 100\/200, 100 steps\/s, 1s left.*fallback: no eigenvalue/);
  });

  test("numbers the folders of runs that begin in the same second", async () => {
    await run(line, io, fakeLibrary());
    await run(line, io, fakeLibrary());
    expect(readdirSync(join(io.cwd, "runs")).sort()).toEqual([NAME, `${NAME}-2`]);
  });
});

describe("a run that does not come to its end", () => {
  test("stops at a signal, keeps what was done and ends with 130", async () => {
    const library = fakeLibrary({ before: (window) => window === 3 && io.interrupt() });
    expect(await run(`${line} --json --out here`, io, library)).toBe(130);
    expect(JSON.parse(io.stdout.text)).toMatchObject({ stopped: true, steps: 150, windows: 3 });
    expect(readdirSync(join(io.cwd, "here")).sort()).toEqual(WHOLE);
    expect(io.stderr.text).toContain("stopping after the step at hand");
  });

  test("takes a study that reports the signal as an error for stopped, too", async () => {
    const library = fakeLibrary({
      before(window) {
        if (window < 3) return;
        throw new GlocalError("GLOCAL_ABORTED", { expected: "to go on", received: "a signal" });
      },
    });
    expect(await run(`${line} --out here`, io, library)).toBe(130);
    expect(readJson("here", "result.json")).toMatchObject({
      stopped: true,
      steps: 100,
      windows: 2,
    });
    expect(io.stdout.text).toContain("Stopped after 100 steps");
  });

  test("keeps all windows before a divergence and fails", async () => {
    const library = fakeLibrary({
      before(window) {
        if (window === 3) throw diverged();
      },
      report: (window) => (window === 1 ? { test: { loss: 2, accuracy: 0.5 } } : {}),
    });
    expect(await run(`${line} --json --out here`, io, library)).toBe(1);
    expect(io.stdout.text).toBe("");
    expect(io.stderr.text).toContain(`what was done until then is in ${join(io.cwd, "here")}\n`);
    expect(io.stderr.text).toMatch(
      /\nglocal: GLOCAL_DIVERGED: Expected finite losses but .*NaN\.\n$/,
    );
    expect(readdirSync(join(io.cwd, "here")).sort()).toEqual(
      WHOLE.filter((name) => name !== "params.safetensors"),
    );
    expect(readJson("here", "result.json")).toMatchObject({
      steps: 100,
      windows: 2,
      msPerStep: 10,
      hyper: { lr: 0.02 },
      test: { loss: 2, accuracy: 0.5 },
      stopped: false,
      diverged: { step: 117, what: "training loss NaN" },
      error: { code: "GLOCAL_DIVERGED" },
    });
    expect(readJson("here", "schedule.json")).toEqual([
      { step: 0, hyper: windowReport(1).hyper },
      { step: 50, hyper: windowReport(2).hyper },
    ]);
  });

  test("says that it diverged when it was asked to record that", async () => {
    const result = { diverged: { step: 120, what: "the training loss is NaN" } };
    expect(await run(`${line} --on-divergence record`, io, fakeLibrary({ result }))).toBe(0);
    expect(io.stdout.text).toContain("Diverged at step 120: the training loss is NaN");
  });

  test("keeps a run that diverged in its first window", async () => {
    const before = () => {
      throw diverged();
    };
    expect(await run(`${line} --out here`, io, fakeLibrary({ before }))).toBe(1);
    expect(readJson("here", "result.json")).toMatchObject({
      steps: 0,
      msPerStep: null,
      windows: 0,
    });
  });

  test("leaves nothing behind when it could not begin", async () => {
    const before = () => {
      throw new GlocalError("GLOCAL_DEVICE", { expected: "a CUDA device", received: "none" });
    };
    expect(await run(`${line} --out here`, io, fakeLibrary({ before }))).toBe(1);
    expect(io.stderr.text).toBe(
      "glocal: GLOCAL_DEVICE: Expected a CUDA device but received none.\n",
    );
    expect(existsSync(join(io.cwd, "here"))).toBe(false);
  });

  test("shows the stack of an error only with --debug", async () => {
    const before = () => {
      throw new TypeError("surprise");
    };
    expect(await run(line, io, fakeLibrary({ before }))).toBe(1);
    expect(io.stderr.text).toBe("glocal: UNEXPECTED: surprise\n");
    expect(await run(`${line} --debug`, io, fakeLibrary({ before }))).toBe(1);
    expect(io.stderr.text).toMatch(/TypeError: surprise\n\s+at /);
  });
});

describe("before anything is created", () => {
  test.each([
    [
      "data are missing",
      "run lenet-fashion --data absent",
      /^glocal: GLOCAL_DATA_MISSING: .*dataset-fashion-mnist.*\n$/,
    ],
    ["a batch is larger than the data", `${line} --batch 181`, /GLOCAL_BAD_OPTION: .*at most 180/],
    [
      "a subset is larger than what is held out",
      `${line} --criterion-subset 21`,
      /GLOCAL_BAD_OPTION: .*--criterion-subset to be at most 20/,
    ],
    ["nothing would be held out", `${line} --validation 0.001`, /GLOCAL_BAD_OPTION: .*validation/],
  ])("says that %s", async (_name, command, message) => {
    expect(await run(command, io, fakeLibrary())).toBe(1);
    expect(io.stderr.text).toMatch(message);
    expect(existsSync(join(io.cwd, "runs"))).toBe(false);
  });

  test("says that a file is damaged", async () => {
    writeFileSync(join(io.cwd, "data", "train-labels-idx1-ubyte"), Uint8Array.of(0, 0, 8, 1, 0));
    expect(await run(line, io, fakeLibrary())).toBe(1);
    expect(io.stderr.text).toMatch(/GLOCAL_DATA_FORMAT: .*train-labels-idx1-ubyte/);
    expect(existsSync(join(io.cwd, "runs"))).toBe(false);
  });

  test("refuses a folder that is taken, before it reads data", async () => {
    mkdirSync(join(io.cwd, "here"));
    writeFileSync(join(io.cwd, "here", "thesis.txt"), "");
    expect(await run("run lenet-mnist --data absent --out here", io, fakeLibrary())).toBe(1);
    expect(io.stderr.text).toMatch(/GLOCAL_BAD_OPTION: .*new or empty.*thesis\.txt/);
  });
});
