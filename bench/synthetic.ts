/** Images of Fashion-MNIST's shape that mean nothing: for machines without the data, since speed does not depend on it. */
import { coded, type Dataset, type Split } from "../lib/index.js";

const [SIDE, CLASSES] = [28, 10];
/** Of Fashion-MNIST's pixels, so that the numbers are of the same size. */
const [MEAN, DEVIATION] = [0.286, 0.353];
const VALUES = Float32Array.from({ length: 256 }, (_, pixel) => (pixel / 255 - MEAN) / DEVIATION);

/** Bytes that are a pure function of the seed: the upper bits of a linear congruential generator. */
function bytes(count: number, seed: number): Uint8Array {
  let state = seed;
  return new Uint8Array(count).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

function split(count: number, seed: number): Split {
  return {
    x: coded(bytes(count * SIDE * SIDE, seed), VALUES, [count, SIDE, SIDE, 1]),
    y: { data: Int32Array.from(bytes(count, seed + 1), (b) => b % CLASSES), shape: [count] },
  };
}

export function syntheticFashion(train = 60_000, test = 10_000): Dataset {
  const name = "synthetic fashion-mnist";
  return { name, classes: CLASSES, train: split(train, 1), test: split(test, 3) };
}
