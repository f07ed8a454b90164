import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keyOf, ResultCache } from "../../bench/cache.js";

const freshFile = () => join(mkdtempSync(join(tmpdir(), "glocal-cache-")), "results", "rows.jsonl");

test("a configuration's key does not depend on the order of its fields", () => {
  expect(keyOf({ lr: 0.1, seed: 0 })).toBe(keyOf({ seed: 0, lr: 0.1 }));
  expect(keyOf({ lr: 0.1, seed: 0 })).not.toBe(keyOf({ lr: 0.1, seed: 1 }));
});

test("results are there for the next process", () => {
  const file = freshFile();
  const first = new ResultCache<{ seed: number }, { accuracy: number }>(file);
  expect(first.get({ seed: 0 })).toBeUndefined();
  first.add({ seed: 0 }, { accuracy: 0.5 });
  first.add({ seed: 1 }, { accuracy: 0.75 });
  const next = new ResultCache<{ seed: number }, { accuracy: number }>(file);
  expect(next.get({ seed: 0 })).toEqual({ accuracy: 0.5 });
  expect(next.get({ seed: 1 })).toEqual({ accuracy: 0.75 });
  expect(next.get({ seed: 2 })).toBeUndefined();
});

test("a new result takes the place of the old one", () => {
  const file = freshFile();
  const cache = new ResultCache<{ seed: number }, number>(file);
  cache.add({ seed: 0 }, 1);
  cache.add({ seed: 1 }, 2);
  cache.add({ seed: 0 }, 3);
  expect(cache.get({ seed: 0 })).toBe(3);
  expect(readFileSync(file, "utf8").trim().split("\n")).toHaveLength(2);
});
