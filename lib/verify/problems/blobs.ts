/** Made-up data: normal clouds, as many as there are classes, that overlap. */
import type { Split } from "../../data/types.js";
import { normals } from "./random.js";

export const FEATURES = 20;
export const CLASSES = 3;

export function blobs(count: number, seed: number): Split {
  const centres = normals(CLASSES * FEATURES, 11);
  const noise = normals(count * FEATURES, seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  // Some directions vary more than others, so that training is slow along them.
  const data = noise.map((value, at) => {
    const [i, f] = [Math.floor(at / FEATURES), at % FEATURES];
    const centre = centres[(labels[i] as number) * FEATURES + f] as number;
    return (0.4 * centre + value) * 0.1 ** (f / FEATURES);
  });
  return { x: { data, shape: [count, FEATURES] }, y: { data: labels, shape: [count] } };
}
