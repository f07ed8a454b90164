/** Finding the files of a data set. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { GlocalError } from "../errors.js";

/** Where a process looks for data: taken as a value so that tests can say it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export function processSurroundings(): Surroundings {
  return { env: process.env, cwd: process.cwd() };
}

/** Paths of the four files of a data set of the MNIST family. */
export interface ImageFiles {
  readonly folder: string;
  readonly trainImages: string;
  readonly trainLabels: string;
  readonly testImages: string;
  readonly testLabels: string;
}

/** Both spellings are in circulation; either may be gzipped. */
const FILE_NAMES = {
  trainImages: ["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
  trainLabels: ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
  testImages: ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
  testLabels: ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
} as const;

/**
 * The four files of the first folder that holds them all. Throws
 * GLOCAL_DATA_MISSING saying what each folder lacks; `hint` says how to get them.
 */
export function findImageFiles(
  title: string,
  folders: readonly string[],
  hint: string,
): ImageFiles {
  const missing: string[] = [];
  for (const folder of folders) {
    const lacks: string[] = [];
    const find = (names: readonly string[]) => {
      const candidates = names.flatMap((name) => [join(folder, name), join(folder, `${name}.gz`)]);
      const found = candidates.find((file) => existsSync(file));
      if (found === undefined) lacks.push(names[0] as string);
      return found ?? "";
    };
    const files = {
      folder,
      trainImages: find(FILE_NAMES.trainImages),
      trainLabels: find(FILE_NAMES.trainLabels),
      testImages: find(FILE_NAMES.testImages),
      testLabels: find(FILE_NAMES.testLabels),
    };
    if (lacks.length === 0) return files;
    missing.push(
      existsSync(folder) ? `${folder} (no ${lacks.join(", ")})` : `${folder} (no such folder)`,
    );
  }
  throw new GlocalError("GLOCAL_DATA_MISSING", {
    expected: `the four IDX files of ${title}`,
    received:
      missing.length > 0 ? `nothing complete in ${missing.join("; ")}` : "no folder to look in",
    hint,
  });
}

/**
 * Folders that any data set may live in, best first: `$GLOCAL_DATA_DIR/<name>`
 * and glocal's folder in the user's cache. One folder a data set, since the
 * files of the MNIST family all have the same names.
 */
export function usualFolders(name: string, { env }: Surroundings): string[] {
  const cache = env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache");
  return [
    ...(env.GLOCAL_DATA_DIR ? [join(env.GLOCAL_DATA_DIR, name)] : []),
    join(cache, "glocal", name),
  ];
}

/** The folder of an installed npm package, looked for from the user's folder and from this package; null when absent. */
export function npmPackageFolder(name: string, { cwd }: Surroundings): string | null {
  for (const from of [join(cwd, "package.json"), import.meta.url]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed there: the next place may have it.
    }
  }
  return null;
}
