import { expect, test } from "vitest";
import { productFlops } from "../../bench/own/figure.js";
import { stepPrograms } from "../../bench/step-programs.js";

/** Multiply-adds of LeNet's layers for an image: forwards, to the weights, and to the inputs of all but the first. */
const PER_IMAGE = 2 * (3 * (230_400 + 409_600 + 8_192 + 320) - 230_400);

test("a step's products are counted, whether or not its batch is run in blocks", () => {
  const program = stepPrograms({ model: "lenet", batch: 128, lanes: 1 }).plain();
  expect(productFlops(program)).toBe(128 * PER_IMAGE);
});
