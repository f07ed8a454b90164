/** Files that are there whole or not at all. */

import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Writes `chunks` one after the other to a temporary file beside `path`,
 * flushes it to the disk and renames it to `path`. On failure nothing is left
 * behind and what was at `path` stays as it was.
 */
export function writeAtomically(path: string, chunks: readonly (string | Uint8Array)[]): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = openSync(temporary, "wx");
    try {
      for (const chunk of chunks) writeWhole(file, chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes all of `chunk` at the file's current end: one call of `writeSync` may write less. */
export function writeWhole(file: number, chunk: string | Uint8Array): void {
  const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
