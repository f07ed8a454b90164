/** Fashion-MNIST: 60,000 + 10,000 pictures of clothes. */

import { type ImageKind, loadImages } from "./images.js";
import { findImageFiles, processSurroundings, type Surroundings, usualFolders } from "./locate.js";
import type { DatasetOptions } from "./mnist.js";
import type { Dataset } from "./types.js";

const FASHION_MNIST: ImageKind = { name: "fashion-mnist", classes: 10, mean: 0.286, std: 0.353 };

/** Where Debian's package `dataset-fashion-mnist` puts it. */
const DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist";

/**
 * Loads Fashion-MNIST from `dir`, or from `$GLOCAL_DATA_DIR/fashion-mnist`,
 * `~/.cache/glocal/fashion-mnist` or Debian's `/usr/share/datasets/fashion-mnist`.
 * x: float32 [n, 28, 28, 1], standardised with 0.2860 and 0.3530; y: int32 [n].
 * Throws GLOCAL_DATA_MISSING and GLOCAL_DATA_FORMAT.
 */
export async function fashionMnist(
  { dir }: DatasetOptions = {},
  surroundings: Surroundings = processSurroundings(),
): Promise<Dataset> {
  const folders =
    dir === undefined ? [...usualFolders(FASHION_MNIST.name, surroundings), DEBIAN_FOLDER] : [dir];
  const hint =
    "Run `apt-get install dataset-fashion-mnist`, or name the folder that holds the files.";
  return loadImages(FASHION_MNIST, findImageFiles("Fashion-MNIST", folders, hint));
}
