/** Sums that are cut into parts. */
import { describe, expect, test } from "vitest";
import type { BufferRef } from "../../../lib/lower/buffer.js";
import { convGroups } from "../../../lib/lower/cuda/conv-groups.js";
import { splitFilterGrads, splitReductions } from "../../../lib/lower/cuda/split.js";
import type { ConvGroupStep, PartialReduceStep } from "../../../lib/lower/cuda/steps.js";
import type { ReduceStep } from "../../../lib/lower/program.js";
import { convolution, FILTER, floats, IMAGE, laned, reduction, shared, WINDOW } from "./buffers.js";

describe("reductions", () => {
  test("with few results of many elements are cut, in double, and added up in order", () => {
    const [elements, results] = [100_003, 16];
    const to = floats(results);
    const step = reduction(floats(elements * results), to, [results, elements], [1, results]);
    const [first, second, ...none] = splitReductions([step]) as [
      PartialReduceStep<BufferRef>,
      ReduceStep<BufferRef>,
    ];
    expect(none).toEqual([]);
    expect(first.op).toBe("partialReduce");
    expect(first.parts * first.chunk).toBeGreaterThanOrEqual(elements);
    expect((first.parts - 1) * first.chunk).toBeLessThan(elements);
    expect(first.outputs[0]?.view.dtype).toBe("float64");
    expect(first.outputs[0]?.view.strides).toEqual([first.parts, 1]);
    expect(first.outputs[0]?.view.ref.buffer.bytes).toBe(8 * results * first.parts);
    expect(second).toMatchObject({ compute: "float64", dims: [results, first.parts], reduced: 1 });
    expect(second.outputs[0]?.view).toMatchObject({ ref: to, dtype: "float32" });
  });

  test("of few elements or with many results stay whole", () => {
    for (const [results, elements] of [
      [16, 128],
      [1, 1000],
      [20_000, 2000],
      [0, 5],
      [5, 0],
    ] as const) {
      const step = reduction(floats(1), floats(1), [results, elements], [elements, 1]);
      expect(splitReductions([step])).toEqual([step]);
    }
  });
});

describe("filter gradients", () => {
  const images = 512;
  const window = { ...WINDOW, n: images };
  const gradient = (accumulate: boolean) =>
    convolution({
      op: "conv2dFilterGrad",
      window,
      lanes: 2,
      accumulate,
      a: shared(floats(images * IMAGE)),
      b: laned(floats(2 * images * IMAGE), images * IMAGE),
      out: laned(floats(2 * FILTER), FILTER),
    });
  const cut = (accumulate: boolean) =>
    splitFilterGrads(convGroups([gradient(accumulate)])) as [
      ConvGroupStep<BufferRef>,
      ReduceStep<BufferRef>,
    ];

  test("write parts side by side, which a reduction adds", () => {
    const [group, sum] = cut(false);
    const job = group.jobs[0];
    expect(group.splits).toBeGreaterThan(1);
    expect(job).toMatchObject({ splitStride: 2 * FILTER, out: { laneStride: FILTER } });
    expect(job?.out.ref.buffer.bytes).toBe(4 * 2 * FILTER * group.splits);
    expect(sum).toMatchObject({ dims: [2 * FILTER, group.splits], reduced: 1 });
    expect(sum.loads[0]?.strides).toEqual([1, 2 * FILTER]);
  });

  test("that accumulate leave that to the reduction, which reads what was there", () => {
    const [group, sum] = cut(true);
    expect(group.jobs[0]?.accumulate).toBe(false);
    expect(sum.loads.length).toBe(2);
    expect(sum.loads[1]?.ref).toEqual(sum.outputs[0]?.view.ref);
  });
});
