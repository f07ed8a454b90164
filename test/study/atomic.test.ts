import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeAtomically } from "../../lib/study/atomic.js";

test("writes all chunks and leaves nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "glocal-atomic-"));
  writeFileSync(join(folder, "file"), "before");
  writeAtomically(join(folder, "file"), ["é", Uint8Array.of(33, 10)]);
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("é!\n");
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("leaves nothing behind when it fails", () => {
  const folder = mkdtempSync(join(tmpdir(), "glocal-atomic-"));
  mkdirSync(join(folder, "taken", "by-a-folder"), { recursive: true });
  expect(() => writeAtomically(join(folder, "taken"), ["text"])).toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
});
