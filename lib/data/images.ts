/** Loading a data set of the MNIST family: four IDX files of 28×28 grey images and their labels. */

import { GlocalError } from "../errors.js";
import { coded, type HostArray } from "../ir/array.js";
import { readIdx } from "./idx.js";
import type { ImageFiles } from "./locate.js";
import type { Dataset, Split } from "./types.js";

const SIDE = 28;

export interface ImageKind {
  readonly name: string;
  readonly classes: number;
  /** Mean and standard deviation of the training pixels, as fractions of 255. */
  readonly mean: number;
  readonly std: number;
}

/**
 * Reads and standardises: x is (pixel/255 − mean)/std, float32 [n, 28, 28, 1],
 * held as pixels until its `data` is asked for; y is int32 [n]. Throws GLOCAL_DATA_FORMAT for files that are not images and
 * labels of this kind, or do not belong together.
 */
export async function loadImages(kind: ImageKind, files: ImageFiles): Promise<Dataset> {
  const [train, test] = await Promise.all([
    loadSplit(kind, files.trainImages, files.trainLabels),
    loadSplit(kind, files.testImages, files.testLabels),
  ]);
  return { name: kind.name, classes: kind.classes, train, test, source: files.folder };
}

async function loadSplit(kind: ImageKind, imageFile: string, labelFile: string): Promise<Split> {
  const [images, labels] = await Promise.all([readIdx(imageFile), readIdx(labelFile)]);
  requireBytes(imageFile, images, ["n", SIDE, SIDE]);
  requireBytes(labelFile, labels, ["n"]);
  const count = images.shape[0] as number;
  if (count === 0) throw format(`${imageFile} to hold at least one image`, "none");
  if (labels.shape[0] !== count) {
    throw format(`${labelFile} to hold ${count} labels, one for each image`, `${labels.shape[0]}`);
  }
  const wrongAt = labels.data.findIndex((label) => label >= kind.classes);
  if (wrongAt >= 0) {
    throw format(
      `${labelFile} to hold labels from 0 to ${kind.classes - 1}`,
      `${labels.data[wrongAt]} at index ${wrongAt}`,
    );
  }
  return {
    x: coded(images.data as Uint8Array, standardised(kind), [count, SIDE, SIDE, 1]),
    y: { data: Int32Array.from(labels.data), shape: [count] },
  };
}

/** What each of the 256 values of a pixel becomes. */
function standardised({ mean, std }: ImageKind): Float32Array {
  return Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - mean) / std);
}

function requireBytes(file: string, array: HostArray, shape: readonly (number | "n")[]): void {
  const fits =
    array.data instanceof Uint8Array &&
    array.shape.length === shape.length &&
    shape.every((size, axis) => size === "n" || size === array.shape[axis]);
  if (fits) return;
  const type = array.data.constructor.name.replace("Array", "").toLowerCase();
  throw format(
    `${file} to hold uint8 [${shape.join(", ")}]`,
    `${type} [${array.shape.join(", ")}]`,
  );
}

function format(expected: string, received: string): GlocalError {
  return new GlocalError("GLOCAL_DATA_FORMAT", { expected, received });
}
