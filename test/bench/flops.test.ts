import { expect, test } from "vitest";
import { flopsPerStep } from "../../bench/flops.js";

const paper = { batch: 128, window: 50, validation: 6_000 };
const giga = (work: { lanes: number; points: number }) => flopsPerStep({ ...paper, ...work }) / 1e9;

test("the paper's setting takes 0.44, 3.1 and 6.8 GFLOP a step", () => {
  expect(giga({ lanes: 0, points: 0 })).toBeCloseTo(0.44, 2);
  expect(giga({ lanes: 3, points: 1 })).toBeCloseTo(3.1, 1);
  expect(giga({ lanes: 3, points: 10 })).toBeCloseTo(6.8, 1);
});
