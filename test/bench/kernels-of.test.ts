import { expect, test } from "vitest";
import { costOf, kernelsOf, productFlops } from "../../bench/kernels-of.js";
import { stepPrograms } from "../../bench/step-programs.js";
import type { MatmulStep, Program, Ref, Step } from "../../lib/lower/program.js";

const ref: Ref = { space: "slot", slot: 0, offset: 0 };
const product = (m: number): MatmulStep => ({
  ...{ op: "matmul", dtype: "float32", m, n: 3, k: 2, lda: 2, ldb: 3, ldc: 3 },
  ...{ transA: false, transB: false, accumulate: false, batch: [] },
  ...{ a: { ref, strides: [] }, b: { ref, strides: [] }, c: { ref, strides: [] } },
});
const program = (steps: readonly Step[]): Program => ({
  ...{ name: "test", arenaBytes: 0, slots: [] },
  steps,
});

const inner = program([product(5), product(7)]);
const blocks: Step = { op: "blocks", blocks: 4, parts: 2, program: inner, slots: [] };
const whole = program([product(1), blocks]);

test("kernels within blocks count once, and are called for each block", () => {
  const kernels = kernelsOf(whole);
  expect(kernels.map(({ calls }) => calls)).toEqual([1, 4, 4]);
  expect(costOf(kernels[2] as (typeof kernels)[0])).toMatchObject({
    ...{ kind: "matmul", what: "4 times 7×2×3 a·b", flops: 4 * 2 * 7 * 3 * 2 },
  });
  expect(productFlops(whole)).toBe(2 * (1 + 4 * (5 + 7)) * 3 * 2);
});

test("a kernel within blocks is run alone by its blocks without the others", () => {
  const [, , last] = kernelsOf(whole);
  expect(last?.alone).toEqual({ ...blocks, program: program([product(7)]) });
});

/** Multiply-adds of LeNet's layers for an image: forwards, to the weights, and to the inputs of all but the first. */
const PER_IMAGE = 2 * (3 * (230_400 + 409_600 + 8_192 + 320) - 230_400);

test("a step's products are counted, whether or not its batch is run in blocks", () => {
  const plain = stepPrograms({ model: "lenet", batch: 128, lanes: 1 }).plain();
  expect(productFlops(plain)).toBe(128 * PER_IMAGE);
});
