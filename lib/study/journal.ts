/** The journal of a run: one window a line, in JSON, only ever appended to. */

import { closeSync, fdatasyncSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { GlocalError } from "../errors.js";
import type { WindowReport } from "../hyper/types.js";
import { writeWhole } from "./atomic.js";
import { fromJson, toJson } from "./json.js";

export interface JournalWriter {
  /** Appends one window; when it returns, the line is in the file and survives the end of this process. */
  append(report: WindowReport): void;
  /** Flushes to the disk and closes. */
  close(): void;
}

/** Opens a new journal. Throws when the file exists. */
export function createJournal(path: string): JournalWriter {
  const file = openSync(path, "ax");
  return {
    append: (report) => writeWhole(file, `${toJson(report)}\n`),
    close() {
      fdatasyncSync(file);
      closeSync(file);
    },
  };
}

/** A diverging run reports NaN, which is no number to valibot. */
const number = v.union([v.number(), v.nan()]);
const loss = v.nullable(number);
const hyper = v.record(v.string(), v.union([number, v.array(number)]));
/** Loose, so that journals of later versions, which may say more, can be read. */
const WindowLine = v.looseObject({
  window: v.number(),
  step: v.number(),
  hyper,
  train: v.object({ loss }),
  validation: v.object({ loss, subset: v.exactOptional(v.number()) }),
  hypergradient: v.nullable(hyper),
  eigenvalues: v.nullable(v.array(v.tuple([number, number]))),
  fallback: v.nullable(v.string()),
  chosen: v.exactOptional(v.string()),
  reason: v.exactOptional(v.string()),
  confidence: v.exactOptional(number),
  tangents: v.exactOptional(
    v.object({ decay: number, memory: number, norm: number, clipped: number, reset: number }),
  ),
  test: v.exactOptional(v.object({ loss: number, accuracy: number })),
  msPerStep: number,
});

export interface Journal {
  readonly windows: readonly WindowReport[];
  /** True when the file ends in a line that was being written when its process died; that line is left out. */
  readonly torn: boolean;
}

/**
 * Reads a journal, also one that is still being written or whose process was killed.
 *
 * @throws GLOCAL_DATA_MISSING when it cannot be read, GLOCAL_DATA_FORMAT when a
 * line other than a torn last one is not a window
 */
export async function readJournal(path: string): Promise<Journal> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new GlocalError("GLOCAL_DATA_MISSING", {
      expected: `a readable journal at ${path}`,
      received: (cause as Error).message,
      cause,
    });
  }
  const lines = text.split("\n");
  // Every whole line ends in a newline, so what follows the last one was cut short.
  const rest = lines.pop() as string;
  return {
    windows: lines.map((line, i) => parseWindow(line, `line ${i + 1} of ${path}`)),
    torn: rest !== "",
  };
}

function parseWindow(line: string, where: string): WindowReport {
  try {
    return v.parse(WindowLine, fromJson(line));
  } catch (cause) {
    throw new GlocalError("GLOCAL_DATA_FORMAT", {
      expected: `${where} to be one window in JSON`,
      received: (cause as Error).message,
      cause,
    });
  }
}
