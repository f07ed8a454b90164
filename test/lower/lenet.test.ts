/** The lowered training step of LeNet, without any device. */
import { describe, expect, test } from "vitest";
import { BATCH_INPUT, lenetStep, printProgram } from "./lenet-step.js";

/** Kernel calls of one step. These may only go down. */
const MOST_CALLS = { 0: 48, 1: 112, 3: 112 };
/** Where the batch runs in blocks: steps outside, the blocks among them, and kernels of each block. */
const MOST_CALLS_IN_BLOCKS = {
  0: { outside: 13, block: 42 },
  1: { outside: 40, block: 83 },
  3: { outside: 40, block: 83 },
};
const MOST_ARENA_MIB = { 0: 14, 3: 34.5 };
/** Updated state that tangents still have to read the old of: one for each parameter and its momentum. */
const MOST_COPIES = { 0: 0, 3: 16 };

describe("a training step of LeNet", () => {
  test.each([0, 1, 3] as const)(
    "with %d lanes makes no more kernel calls than ever before",
    (lanes) => {
      const { program } = lenetStep(lanes);
      expect(program.steps.length).toBeLessThanOrEqual(MOST_CALLS[lanes]);
    },
  );

  test.each([0, 3] as const)("with %d lanes needs no more memory than ever before", (lanes) => {
    const { program } = lenetStep(lanes);
    expect(program.arenaBytes / 2 ** 20).toBeLessThanOrEqual(MOST_ARENA_MIB[lanes]);
  });

  test.each([0, 1, 3] as const)(
    "with %d lanes makes no more kernel calls in blocks than ever before",
    (lanes) => {
      const { steps } = lenetStep(lanes, { batch: [BATCH_INPUT] }).program;
      const regions = steps.filter((s) => s.op === "blocks");
      expect(regions.length).toBe(1);
      expect(steps.length).toBeLessThanOrEqual(MOST_CALLS_IN_BLOCKS[lanes].outside);
      for (const { program } of regions)
        expect(program.steps.length).toBeLessThanOrEqual(MOST_CALLS_IN_BLOCKS[lanes].block);
    },
  );

  test("without lanes is this program", () => {
    expect(printProgram(lenetStep(0).program)).toMatchSnapshot();
  });

  test("with three lanes is this program", () => {
    expect(printProgram(lenetStep(3).program)).toMatchSnapshot();
  });

  test("never convolves in groups: lanes are more images, more channels or accumulated calls", () => {
    const convolutions = lenetStep(3).program.steps.filter((s) => s.op.startsWith("conv2d"));
    expect(convolutions.length).toBeGreaterThan(0);
    for (const step of convolutions) {
      if (!("out" in step && "b" in step && step.b)) continue;
      const laned = [step.a, step.b].filter((x) => x.laneStride > 0);
      expect(laned.length, "laned operands of a bilinear kernel").toBeLessThanOrEqual(1);
    }
  });

  test("has as many calls with many lanes as with two", () => {
    expect(lenetStep(8).program.steps.length).toBe(lenetStep(2).program.steps.length);
  });

  test.each([0, 3] as const)(
    "with %d lanes updates its state in place, with no more copies than ever before",
    (lanes) => {
      const { program } = lenetStep(lanes);
      const copies = program.steps.filter((s) => s.op === "map" && s.code.length === 0);
      expect(copies.length).toBeLessThanOrEqual(MOST_COPIES[lanes]);
    },
  );
});
