import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  createRunFolder,
  freeRunPath,
  loadParams,
  readJournal,
  requireFreeFolder,
} from "../../lib/study/index.js";
import { windowReport } from "./window-report.js";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "glocal-runs-"));
});

const name = {
  recipe: "lenet-mnist",
  estimator: "glocal",
  seed: 7,
  startedAt: new Date("2026-01-02T03:04:05.678Z"),
};

function readJson(...parts: string[]): unknown {
  return JSON.parse(readFileSync(join(...parts), "utf8"));
}

describe("freeRunPath", () => {
  test("says when and what, and is never taken", () => {
    const first = freeRunPath(root, name);
    expect(first).toBe(join(root, "2026-01-02T03-04-05-lenet-mnist-glocal-seed7"));
    mkdirSync(first);
    expect(freeRunPath(root, name)).toBe(`${first}-2`);
    mkdirSync(`${first}-2`);
    expect(freeRunPath(root, name)).toBe(`${first}-3`);
  });
});

describe("a run's folder", () => {
  test("holds the configuration and an empty journal from the start", async () => {
    const { path } = createRunFolder(join(root, "deep", "run"), { steps: 100 });
    expect(path).toBe(join(root, "deep", "run"));
    expect(readdirSync(path).sort()).toEqual(["config.json", "journal.jsonl"]);
    expect(readJson(path, "config.json")).toEqual({ steps: 100 });
    expect(await readJournal(join(path, "journal.jsonl"))).toEqual({ windows: [], torn: false });
  });

  test("holds everything at the end and no temporary file", async () => {
    const folder = createRunFolder(join(root, "run"), {});
    folder.append(windowReport(1));
    const params = { weight: { data: Float32Array.of(1, 2), shape: [2] } };
    const schedule = [{ step: 0, hyper: { lr: 0.1 } }];
    await folder.finish({ result: { steps: 50, loss: Number.NaN }, schedule, params });
    expect(readdirSync(folder.path).sort()).toEqual([
      "config.json",
      "journal.jsonl",
      "params.safetensors",
      "result.json",
      "schedule.json",
    ]);
    expect(readJson(folder.path, "result.json")).toEqual({ steps: 50, loss: "NaN" });
    expect(readJson(folder.path, "schedule.json")).toEqual(schedule);
    expect(await loadParams(join(folder.path, "params.safetensors"))).toEqual(params);
    expect((await readJournal(join(folder.path, "journal.jsonl"))).windows).toEqual([
      windowReport(1),
    ]);
  });

  test("has no parameters where the run ended without any", async () => {
    const folder = createRunFolder(join(root, "run"), {});
    await folder.finish({ result: {}, schedule: [] });
    expect(existsSync(join(folder.path, "params.safetensors"))).toBe(false);
  });

  test("may be an empty folder, and is refused where something lies already", () => {
    mkdirSync(join(root, "empty"));
    createRunFolder(join(root, "empty"), {});
    for (const path of [join(root, "empty"), root]) {
      expect(() => requireFreeFolder(path)).toThrowError(
        expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }),
      );
    }
    expect(() => createRunFolder(root, {})).toThrow(/Choose another one with --out/);
  });

  test("is refused where a file is in the way", () => {
    writeFileSync(join(root, "file"), "");
    for (const path of [join(root, "file"), join(root, "file", "run")]) {
      expect(() => createRunFolder(path, {})).toThrowError(
        expect.objectContaining({ code: "GLOCAL_BAD_OPTION" }),
      );
    }
    expect(readdirSync(root)).toEqual(["file"]);
  });

  test("can be taken back without touching what was there before", () => {
    mkdirSync(join(root, "given"));
    createRunFolder(join(root, "given"), {}).discard();
    createRunFolder(join(root, "made"), {}).discard();
    expect(readdirSync(root)).toEqual(["given"]);
    expect(readdirSync(join(root, "given"))).toEqual([]);
  });
});
