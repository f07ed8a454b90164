/** Makes the data files that tests read. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An IDX file of uint8 elements. */
export function idxBytes(shape: readonly number[], elements: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + elements.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  bytes.set(elements, 4 + 4 * shape.length);
  return bytes;
}

export interface SyntheticSizes {
  readonly train: number;
  readonly test: number;
}

/**
 * Writes four IDX files of 28×28 images in which class c lights up rows 2c + 4
 * and 2c + 5 over weak noise: a network learns it in a few steps.
 */
export function writeSyntheticImages(folder: string, sizes: SyntheticSizes): void {
  mkdirSync(folder, { recursive: true });
  for (const [prefix, count] of [
    ["train", sizes.train],
    ["t10k", sizes.test],
  ] as const) {
    const labels = Uint8Array.from({ length: count }, (_, example) => example % 10);
    const pixels = Uint8Array.from({ length: count * 28 * 28 }, (_, i) => {
      const label = labels[Math.floor(i / 784)] as number;
      const row = Math.floor((i % 784) / 28);
      const noise = (i * 2654435761) % 61;
      return row === 2 * label + 4 || row === 2 * label + 5 ? 255 - noise : noise;
    });
    writeFileSync(join(folder, `${prefix}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels));
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), idxBytes([count], labels));
  }
}
