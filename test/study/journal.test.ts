import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { createJournal, readJournal } from "../../lib/study/journal.js";
import { windowReport } from "./window-report.js";

let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "glocal-journal-")), "journal.jsonl");
});

describe("the journal", () => {
  test("gives back what was appended, NaN and all", async () => {
    const reports = [
      windowReport(1, { test: { loss: 2.3, accuracy: 0.1 } }),
      windowReport(2, {
        hypergradient: null,
        eigenvalues: null,
        fallback: "no eigenvalue was kept",
      }),
      windowReport(3, {
        hyper: { weights: [0.5, Number.POSITIVE_INFINITY] },
        train: { loss: Number.NaN },
        validation: { loss: null },
      }),
      windowReport(4, {
        validation: { loss: 0.5, subset: 100 },
        chosen: "mean",
        reason: "the least held-out error",
        confidence: 0.4,
        tangents: { decay: 0.5, memory: 75, norm: Number.NaN, clipped: 1, reset: 2 },
      }),
    ];
    const journal = createJournal(path);
    for (const report of reports) journal.append(report);
    journal.close();
    expect(await readJournal(path)).toEqual({ windows: reports, torn: false });
  });

  test("has each line in the file at once, and nothing but whole lines", () => {
    const journal = createJournal(path);
    for (const window of [1, 2, 3]) {
      journal.append(windowReport(window));
      const text = readFileSync(path, "utf8");
      expect(text.endsWith("\n")).toBe(true);
      expect(text.trimEnd().split("\n")).toHaveLength(window);
    }
    journal.close();
  });

  test("never writes over an older journal", () => {
    createJournal(path).close();
    expect(() => createJournal(path)).toThrow(/EEXIST/);
  });

  test("is readable when its process died in the middle of a line, wherever that was", async () => {
    const whole = `${JSON.stringify(windowReport(1))}\n`;
    const last = JSON.stringify(windowReport(2));
    for (let length = 1; length <= last.length; length++) {
      writeFileSync(path, whole + last.slice(0, length));
      expect(await readJournal(path)).toEqual({ windows: [windowReport(1)], torn: true });
    }
    appendFileSync(path, "\n");
    expect(await readJournal(path)).toEqual({
      windows: [windowReport(1), windowReport(2)],
      torn: false,
    });
  });

  test.each(["", "{}", "no json", JSON.stringify({ ...windowReport(1), step: "50" })])(
    "refuses the line %j, saying which it is",
    async (line) => {
      const good = JSON.stringify(windowReport(1));
      writeFileSync(path, `${good}\n${line}\n${good}\n`);
      await expect(readJournal(path)).rejects.toMatchObject({
        code: "GLOCAL_DATA_FORMAT",
        message: expect.stringContaining(`line 2 of ${path}`),
      });
    },
  );

  test("keeps what a later version may add", async () => {
    const report = { ...windowReport(1), rank: 4 };
    writeFileSync(path, `${JSON.stringify(report)}\n`);
    expect((await readJournal(path)).windows).toEqual([report]);
  });

  test("says that it is missing", async () => {
    await expect(readJournal(path)).rejects.toMatchObject({ code: "GLOCAL_DATA_MISSING" });
  });
});
