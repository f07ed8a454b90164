/** How many kernels a training step takes, over and above what is held about LeNet's: these may only go down. */
import { describe, expect, test } from "vitest";
import { stepPrograms } from "../../bench/step-programs.js";

const MOST_CALLS = {
  lenet: { lanes: 3, plain: 48, tangents: 112, adjoints: 121 },
  "wrn-28-2": { lanes: 2, plain: 539, tangents: 1358, adjoints: 1455 },
  reweighting: { lanes: 32, plain: 316, tangents: 719, adjoints: 660 },
} as const;

describe.each(["lenet", "wrn-28-2", "reweighting"] as const)("a training step of %s", (model) => {
  const { lanes, ...most } = MOST_CALLS[model];
  const programs = stepPrograms({ model, batch: 128, lanes });

  test.each(["plain", "tangents", "adjoints"] as const)(
    "(%s) makes no more kernel calls than ever before",
    (kind) => {
      expect(programs[kind]().steps.length).toBeLessThanOrEqual(most[kind]);
    },
  );
});
