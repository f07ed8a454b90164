/** The least arithmetic that LeNet's training takes: multiplications and additions of its convolutions and products. */

/** Multiply-adds of one image in each layer: 24²·25·16, 8²·400·16, 256·32, 32·10. */
const FIRST = 230_400;
const ALL = FIRST + 409_600 + 8_192 + 320;

/** Forwards, towards the weights, and towards the inputs of all layers but the first. */
const GRADIENT = 2 * (3 * ALL - FIRST);
/** Both factors of each of these products have a tangent, but the images have none. */
const LANE = 2 * (6 * ALL - 4 * FIRST);

export interface Work {
  readonly batch: number;
  readonly lanes: number;
  /** Inner steps in a window, and hypergradients at its end. */
  readonly window: number;
  readonly points: number;
  readonly validation: number;
}

/** FLOP of an inner step with forward-mode tangents, its share of the window's validation gradients included. */
export function flopsPerStep({ batch, lanes, window, points, validation }: Work): number {
  return batch * (GRADIENT + lanes * LANE) + (points / window) * validation * GRADIENT;
}
