/** The folder of one run: what defined it, what happened, and what came out. */

import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { GlocalError } from "../errors.js";
import type { ScheduleEntry, WindowReport } from "../hyper/types.js";
import { writeAtomically } from "./atomic.js";
import { createJournal } from "./journal.js";
import { toJson } from "./json.js";
import { type ParamTree, saveParams } from "./safetensors.js";

/** The files of a run's folder. */
export const RUN_FILES = {
  /** Everything that defines the run. */
  config: "config.json",
  /** One line a window, see `readJournal`. */
  journal: "journal.jsonl",
  /** The outcome; there as soon as the run has ended, however it ended. */
  result: "result.json",
  /** Hyperparameters by the step from which they held. */
  schedule: "schedule.json",
  /** The trained parameters, see `loadParams`. */
  params: "params.safetensors",
} as const;

export interface RunName {
  readonly recipe: string;
  readonly estimator: string;
  readonly seed: number;
  readonly startedAt: Date;
}

export interface RunOutcome {
  readonly result: object;
  readonly schedule: readonly ScheduleEntry[];
  /** Absent when the run ended without any. */
  readonly params?: ParamTree;
}

export interface RunFolder {
  /** Absolute path. */
  readonly path: string;
  /** Journals one window; see `createJournal`. */
  append(report: WindowReport): void;
  /** Ends the run: parameters and schedule first, `result.json` last, so that its presence says that all is there. */
  finish(outcome: RunOutcome): Promise<void>;
  /** Takes back a run in which nothing happened: removes what was created, and only that. */
  discard(): void;
}

/**
 * Where a run goes unless the user says otherwise:
 * `<root>/<date>-<recipe>-<estimator>-seed<k>`, with a number appended while
 * that is taken. The date is UTC, to the second.
 */
export function freeRunPath(root: string, { recipe, estimator, seed, startedAt }: RunName): string {
  const date = startedAt.toISOString().slice(0, 19).replaceAll(":", "-");
  const path = resolve(root, `${date}-${recipe}-${estimator}-seed${seed}`);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path}-${number}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/**
 * Throws GLOCAL_BAD_OPTION unless `path` is free: absent, or an empty folder.
 * A run never mixes its files with those of another.
 */
export function requireFreeFolder(path: string): void {
  let holds: string;
  try {
    const entries = existsSync(path) ? readdirSync(path) : [];
    if (entries.length === 0) return;
    holds = `${path}, which holds ${entries[0]}`;
  } catch (cause) {
    holds = `${path} (${(cause as Error).message})`;
  }
  throw new GlocalError("GLOCAL_BAD_OPTION", {
    expected: "the run's folder to be new or empty",
    received: holds,
    hint: "Choose another one with --out.",
  });
}

/** @param what is to be written there, e.g. "run" */
export function unwritable(what: string, path: string, cause: Error): GlocalError {
  return new GlocalError("GLOCAL_BAD_OPTION", {
    expected: `a folder for the ${what} that can be written to at ${path}`,
    received: cause.message,
    hint: "Choose another one with --out.",
    cause,
  });
}

/**
 * Creates the folder of a run at `path` (see `requireFreeFolder`), with its
 * configuration and an empty journal. Throws GLOCAL_BAD_OPTION when it cannot.
 */
export function createRunFolder(path: string, config: object): RunFolder {
  requireFreeFolder(path);
  const isNew = !existsSync(path);
  const inside = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true });
    writeAtomically(inside(RUN_FILES.config), [`${toJson(config, 2)}\n`]);
  } catch (cause) {
    throw unwritable("run", path, cause as Error);
  }
  const journal = createJournal(inside(RUN_FILES.journal));
  return {
    path: resolve(path),
    append: journal.append,
    async finish({ result, schedule, params }) {
      journal.close();
      if (params !== undefined) await saveParams(inside(RUN_FILES.params), params);
      writeAtomically(inside(RUN_FILES.schedule), [`${toJson(schedule, 2)}\n`]);
      writeAtomically(inside(RUN_FILES.result), [`${toJson(result, 2)}\n`]);
    },
    discard() {
      journal.close();
      rmSync(inside(RUN_FILES.config));
      rmSync(inside(RUN_FILES.journal));
      if (isNew) rmdirSync(path);
    },
  };
}
