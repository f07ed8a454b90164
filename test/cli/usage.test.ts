import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FakeIo, fakeLibrary, run } from "./harness.js";

describe("help", () => {
  test.each(["--help", "run --help", "doctor --help", "verify --help"])(
    "glocal %s",
    async (line) => {
      const io = new FakeIo();
      expect(await run(line, io, fakeLibrary())).toBe(0);
      expect(io.stderr.text).toBe("");
      expect(io.stdout.text).toMatchSnapshot();
    },
  );

  test("is what a bare command gets, as bad usage", async () => {
    const io = new FakeIo();
    expect(await run("", io, fakeLibrary())).toBe(2);
    expect(io.stdout.text).toBe("");
    expect(io.stderr.text).toMatch(/^Usage: glocal/);
  });

  test("--version prints the version of the package", async () => {
    const io = new FakeIo();
    expect(await run("--version", io, fakeLibrary())).toBe(0);
    expect(io.stdout.text).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });
});

describe("bad usage ends with exit code 2, says what would be valid and creates nothing", () => {
  test.each([
    ["train", /unknown command 'train'\nCommands: run, doctor, verify\n/],
    ["run", /missing required argument 'recipe'/],
    ["run resnet", /'resnet' is invalid.*lenet-mnist, lenet-fashion/],
    ["run lenet-mnist lenet-fashion", /too many arguments/],
    [
      "run lenet-mnist --step 3",
      /unknown option '--step'\n\(Did you mean --steps\?\)\nOptions of run: --steps, --lr, .*--help\n/,
    ],
    ["doctor --steps 3", /unknown option '--steps'\nOptions of doctor: --json, --debug, --help\n/],
    ["run lenet-mnist --estimator dmd", /none, local, last, mean, affine, glocal, paper, global/],
    ["run lenet-mnist --device tpu", /auto, cpu, cuda/],
    ["run lenet-mnist --device cuda:x", /auto, cpu, cuda or cuda:<number>/],
    ["run lenet-mnist --on-divergence ignore", /throw, record/],
    ["run lenet-mnist --steps", /argument missing/],
    [
      "run lenet-mnist --steps 0",
      /'--steps <n>' argument '0' is invalid. It has to be an integer of at least 1/,
    ],
    ["run lenet-mnist --steps 1.5", /integer of at least 1/],
    ["run lenet-mnist --steps 1e3", /integer of at least 1/],
    ["run lenet-mnist --steps 99999999999999999999", /integer of at least 1/],
    ["run lenet-mnist --seed -1", /integer of at least 0/],
    ["run lenet-mnist --lr abc", /number above 0/],
    ["run lenet-mnist --lr NaN", /number above 0/],
    ["run lenet-mnist --lr Infinity", /number above 0/],
    ["run lenet-mnist --lr 0", /number above 0/],
    ["run lenet-mnist --momentum 1", /number of at least 0 and below 1/],
    ["run lenet-mnist --weight-decay -1", /number of at least 0/],
    ["run lenet-mnist --outer-lr 0", /number above 0/],
    ["run lenet-mnist --validation 1", /number above 0 and below 1/],
    ["run lenet-mnist --threads 0", /integer of at least 1/],
    ["run lenet-mnist --batch 0", /integer of at least 1/],
    ["run lenet-mnist --evaluate-every 0", /integer of at least 1/],
    ["run lenet-mnist --lr 2", /--lr is learned through a sigmoid.*not at 2/],
    ["run lenet-mnist --momentum 0", /--momentum is learned through a sigmoid/],
    ["run lenet-mnist --weight-decay 0 --estimator local", /--weight-decay is learned/],
    ["run lenet-mnist --last 51", /--last 51 asks for more hypergradients than --window 50/],
    ["run lenet-mnist --last 5", /at least 6 hypergradients/],
    ["run lenet-mnist --last 5 --estimator paper", /at least 6 hypergradients/],
    ["run lenet-mnist --last 51 --estimator mean", /--last 51 asks for more hypergradients/],
    ["run lenet-mnist --tangents 1.5", /reset, carry, horizon or a number from 0 to 1/],
    ["run lenet-mnist --tangents keep", /reset, carry, horizon or a number from 0 to 1/],
    ["run lenet-mnist --tangents carry --estimator none", /--estimator none carries nothing/],
    ["run lenet-mnist --tangents 0.9 --estimator global", /--estimator global carries nothing/],
    ["run lenet-mnist --tangents carry --clip 0", /number above 0/],
    ["run lenet-mnist --clip 10", /--clip shortens tangents that are carried/],
    ["run lenet-mnist --criterion-subset 0", /integer of at least 1/],
  ])("glocal %s", async (line, message) => {
    const io = new FakeIo();
    expect(await run(line, io, fakeLibrary())).toBe(2);
    expect(io.stderr.text).toMatch(message);
    expect(io.stderr.text).toMatch(/^glocal: GLOCAL_USAGE: /);
    expect(io.stdout.text).toBe("");
    expect(readdirSync(io.cwd)).toEqual([]);
  });
});
