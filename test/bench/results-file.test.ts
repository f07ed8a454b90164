import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withSection, writeSection } from "../../bench/results-file.js";

test("a new section goes to the end, between markers", () => {
  expect(withSection("# Results\n", "lenet", "\nA table.\n")).toBe(
    "# Results\n\n<!-- lenet: begin -->\n\nA table.\n\n<!-- lenet: end -->\n",
  );
});

test("a section is replaced where it stands, and nothing else changes", () => {
  const page = withSection(withSection("# Results\n", "a", "old"), "b", "kept");
  const edited = page.replace("# Results", "# Results\n\nWritten by hand.");
  const replaced = withSection(edited, "a", "new, with $& and $1");
  expect(replaced).toBe(edited.replace("old", () => "new, with $& and $1"));
  expect(withSection(replaced, "a", "old")).toBe(edited);
});

test("half a section is not guessed at", () => {
  const page = withSection("# Results\n", "a", "body");
  expect(() => withSection(page.replace("<!-- a: end -->", ""), "a", "x")).toThrow("a: end");
  expect(() => withSection("<!-- a: end --><!-- a: begin -->", "a", "x")).toThrow("a: begin");
});

test("a file that is not there starts with an introduction", () => {
  const file = join(mkdtempSync(join(tmpdir(), "glocal-results-")), "RESULTS.md");
  writeSection("a", "first", file);
  writeSection("b", "second", file);
  const page = readFileSync(file, "utf8");
  expect(page).toMatch(/^# Results\n/);
  expect(page.indexOf("first")).toBeLessThan(page.indexOf("second"));
  writeFileSync(file, "Mine.");
  writeSection("a", "first", file);
  expect(readFileSync(file, "utf8")).toMatch(/^Mine\./);
});
