/**
 * How many kernels a training step takes, each once however many blocks of the batch it runs on, over
 * and above what is held about LeNet's. These may only go down.
 */
import { describe, expect, test } from "vitest";
import { kernelsOf } from "../../bench/kernels-of.js";
import { stepPrograms } from "../../bench/step-programs.js";

const MOST_KERNELS = {
  lenet: { batch: 128, lanes: 3, plain: 54, tangents: 122, adjoints: 130 },
  "wrn-28-2": { batch: 128, lanes: 2, plain: 736, tangents: 1759, adjoints: 1830 },
  reweighting: { batch: 16, lanes: 32, plain: 422, tangents: 878, adjoints: 805 },
} as const;

describe.each(["lenet", "wrn-28-2", "reweighting"] as const)("a training step (%s)", (model) => {
  const { batch, lanes, ...most } = MOST_KERNELS[model];
  const programs = stepPrograms({ model, batch, lanes });

  test.each(["plain", "tangents", "adjoints"] as const)(
    "%s takes no more kernels than ever before",
    (kind) => {
      expect(kernelsOf(programs[kind]()).length).toBeLessThanOrEqual(most[kind]);
    },
  );
});
