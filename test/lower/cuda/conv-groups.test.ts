/** Convolutions that share a launch. */
import { describe, expect, test } from "vitest";
import type { BufferRef, BufferStep } from "../../../lib/lower/buffer.js";
import { convGroups, groupJobs, pairTerms } from "../../../lib/lower/cuda/conv-groups.js";
import type { ConvGroupStep, CudaBufferStep } from "../../../lib/lower/cuda/steps.js";
import { convolution, FILTER, floats, IMAGE, laned, shared, sumOf, WINDOW } from "./buffers.js";

const LANES = 3;
const x = floats(2 * IMAGE);
const w = floats(FILTER);
const dx = floats(LANES * 2 * IMAGE);
const dw = floats(LANES * FILTER);
const y = floats(2 * IMAGE);
const dy = floats(LANES * 2 * IMAGE);

/** The lanes of the images were folded into more images when it was built. */
const primal = convolution({ a: shared(x), b: shared(w), out: shared(y) });
const byImages = convolution({
  window: { ...WINDOW, n: 2 * LANES },
  a: laned(dx, 2 * IMAGE),
  b: shared(w),
  out: laned(dy, 2 * IMAGE),
});
const byFilters = convolution({
  lanes: LANES,
  accumulate: true,
  a: shared(x),
  b: laned(dw, FILTER),
  out: laned(dy, 2 * IMAGE),
});

const groupsOf = (steps: readonly CudaBufferStep[]) =>
  steps.filter((s): s is ConvGroupStep<BufferRef> => s.op === "convGroup");
const paired = (...steps: BufferStep[]) => groupsOf(pairTerms(convGroups(steps)));
const grouped = (...steps: BufferStep[]) => groupsOf(groupJobs(pairTerms(convGroups(steps))));

describe("a convolution and one that adds to it", () => {
  test("are one job with two terms, of the lanes that both have", () => {
    const [group, ...none] = paired(byImages, byFilters);
    expect(none).toEqual([]);
    expect(group?.jobs).toEqual([
      {
        images: 2,
        lanes: LANES,
        terms: [
          { a: laned(dx, 2 * IMAGE), b: shared(w) },
          { a: shared(x), b: laned(dw, FILTER) },
        ],
        out: laned(dy, 2 * IMAGE),
        accumulate: false,
        splitStride: 0,
      },
    ]);
  });

  test("stay apart when something reads the sum in between", () => {
    const between = sumOf([dy], floats(8));
    expect(paired(byImages, between, byFilters).length).toBe(2);
  });

  test("stay apart when something overwrites an operand in between", () => {
    expect(paired(byImages, sumOf([], dx), byFilters).length).toBe(1);
    const needed = sumOf([y], w);
    expect(paired(byImages, needed, { ...byFilters, a: shared(w) }).length).toBe(2);
  });

  test("of two kinds stay apart", () => {
    expect(paired(byImages, { ...byFilters, op: "conv2dInputGrad" }).length).toBe(2);
  });

  test("keep a sum of three in two launches", () => {
    const third = { ...byFilters, b: laned(floats(LANES * FILTER), FILTER) };
    const groups = paired(byImages, byFilters, third);
    expect(groups.map((g) => g.jobs[0]?.terms.length)).toEqual([2, 1]);
    expect(groups.map((g) => g.jobs[0]?.accumulate)).toEqual([false, true]);
  });
});

describe("a convolution and its tangents", () => {
  test("are two jobs of one group", () => {
    const [group, ...none] = grouped(primal, byImages, byFilters);
    expect(none).toEqual([]);
    expect(group?.jobs.map((job) => [job.lanes, job.terms.length])).toEqual([
      [1, 1],
      [LANES, 2],
    ]);
  });

  test("stay apart when one waits for the other", () => {
    const after = sumOf([y], dx);
    expect(grouped(primal, after, byImages, byFilters).length).toBe(2);
  });

  test("of two geometries stay apart", () => {
    const wide = { ...WINDOW, padTop: 0, oh: 6 };
    expect(grouped(primal, { ...byFilters, window: wide, accumulate: false }).length).toBe(2);
  });

  test("stay apart from strangers, with which they would save no reading", () => {
    const stranger = convolution({
      a: shared(floats(2 * IMAGE)),
      b: shared(floats(FILTER)),
      out: shared(floats(2 * IMAGE)),
    });
    expect(grouped(primal, stranger).length).toBe(2);
  });
});
