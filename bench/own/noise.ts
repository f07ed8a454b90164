/** Examples that are as large as CIFAR's and mean nothing. */
import type { Split } from "../../lib/index.js";

const CLASSES = 10;
const PIXELS = 32 * 32 * 3;

/** Two uniform numbers to one normal one (Box and Muller). */
const normal = () =>
  Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

export function noise(examples: number): Split {
  return {
    x: {
      data: Float32Array.from({ length: examples * PIXELS }, normal),
      shape: [examples, 32, 32, 3],
    },
    y: { data: Int32Array.from({ length: examples }, (_, i) => i % CLASSES), shape: [examples] },
  };
}
