/** The real thing: trains LeNet on a few synthetic images through the command line. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../../lib/cli/cli.js";
import { nn } from "../../lib/index.js";
import { loadParams, readJournal } from "../../lib/study/index.js";
import { writeSyntheticImages } from "../data/idx-bytes.js";
import { FakeIo } from "./harness.js";

const SMALL = "--batch 20 --window 10 --last 6 --stacks 2 --evaluate-every 20 --threads 1";

function prepared(): FakeIo {
  const io = new FakeIo();
  writeSyntheticImages(join(io.cwd, "data"), { train: 200, test: 40 });
  return io;
}

function glocal(line: string, io: FakeIo): Promise<number> {
  return main(`run lenet-mnist --data data ${SMALL} ${line}`.split(" "), io);
}

function journalOf(io: FakeIo, folder: string) {
  return readJournal(join(io.cwd, folder, "journal.jsonl"));
}

describe("glocal run", () => {
  test.each(["none", "local", "glocal", "global"])("trains with --estimator %s", async (name) => {
    const io = prepared();
    const code = await glocal(`--estimator ${name} --steps 60 --json --out out`, io);
    expect(io.stderr.text).not.toContain("glocal:");
    expect(code).toBe(0);

    const result = JSON.parse(io.stdout.text);
    expect(result).toMatchObject({
      recipe: "lenet-mnist",
      estimator: name,
      device: "cpu",
      threads: 1,
      steps: 60,
      windows: 6,
      stopped: false,
      diverged: null,
      folder: join(io.cwd, "out"),
    });
    expect(result.msPerStep).toBeGreaterThan(0);
    // Ten classes by chance: a loss of 2.3 and an accuracy of 0.1.
    expect(result.validation.loss).toBeLessThan(1);
    expect(result.test.accuracy).toBeGreaterThan(0.5);

    const { windows, torn } = await journalOf(io, "out");
    expect(torn).toBe(false);
    expect(windows.map((window) => window.step)).toEqual([10, 20, 30, 40, 50, 60]);
    const tested = windows.filter((window) => window.test).map((window) => window.step);
    expect(tested).toEqual([20, 40, 60]);
    expect(windows.filter((window) => window.fallback !== null)).toHaveLength(result.fallbacks);
    const tuned = result.hyper.lr !== result.initial.lr;
    expect(tuned).toBe(name !== "none");

    const params = await loadParams(
      join(io.cwd, "out", "params.safetensors"),
      nn.lenet().initialize(0),
    );
    expect(nn.countParams(params)).toBe(15_386);
  });

  test("gives the same journal for the same seed, and another for another", async () => {
    const journals = [];
    for (const seed of [1, 1, 2]) {
      const io = prepared();
      expect(await glocal(`--steps 20 --seed ${seed} --out out`, io)).toBe(0);
      const { windows } = await journalOf(io, "out");
      journals.push(windows.map(({ msPerStep: _, ...report }) => report));
    }
    expect(journals[1]).toEqual(journals[0]);
    expect(journals[2]).not.toEqual(journals[0]);
  });

  test("stops at a signal and keeps what was done", async () => {
    const io = prepared();
    const running = glocal("--steps 100000 --json --out out", io);
    const begun = async () =>
      existsSync(join(io.cwd, "out")) && (await journalOf(io, "out")).windows.length > 1;
    const ended = running.then(() => true);
    const soon = () => new Promise<false>((resolve) => setTimeout(() => resolve(false), 10));
    while (!(await begun()) && !(await Promise.race([ended, soon()]))) {}
    io.interrupt();
    expect(await running).toBe(130);
    const result = JSON.parse(io.stdout.text);
    expect(result.stopped).toBe(true);
    expect(result.steps).toBeLessThan(100_000);
    expect((await journalOf(io, "out")).windows).toHaveLength(result.windows);
    expect(readdirSync(join(io.cwd, "out"))).toContain("params.safetensors");
  });

  test("fails on a divergence, or records it, and keeps the journal either way", async () => {
    // A rate that overflows float32 within a few steps.
    const options = "--estimator none --lr 1e30 --steps 40";
    const throwing = prepared();
    expect(await glocal(`${options} --out out`, throwing)).toBe(1);
    expect(throwing.stderr.text).toMatch(/\nglocal: GLOCAL_DIVERGED: .*\n$/);
    const result = JSON.parse(readFileSync(join(throwing.cwd, "out", "result.json"), "utf8"));
    expect(result.diverged).toMatchObject({ step: expect.any(Number), what: expect.any(String) });
    expect((await journalOf(throwing, "out")).windows).toHaveLength(result.windows);

    const recording = prepared();
    expect(await glocal(`${options} --on-divergence record --json`, recording)).toBe(0);
    expect(JSON.parse(recording.stdout.text).diverged).toEqual(result.diverged);
  });
});

describe("glocal doctor", () => {
  test("finds the CPU", async () => {
    const io = new FakeIo();
    expect(await main(["doctor", "--json"], io)).toBe(0);
    const diagnosis = JSON.parse(io.stdout.text);
    expect(diagnosis.devices).toContainEqual(
      expect.objectContaining({ name: "cpu", usable: true }),
    );
    expect(diagnosis.threads).toBeGreaterThan(0);
    expect(diagnosis.blas).toMatch(/OpenBLAS/i);
  });
});
