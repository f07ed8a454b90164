/** Products that share a launch as convolutions of one pixel. */
import { describe, expect, test } from "vitest";
import type { BufferRef, BufferStep } from "../../../lib/lower/buffer.js";
import { convGroups, groupJobs, pairTerms } from "../../../lib/lower/cuda/conv-groups.js";
import { groupProducts } from "../../../lib/lower/cuda/small-products.js";
import type { ConvGroupStep } from "../../../lib/lower/cuda/steps.js";
import type { MatmulStep } from "../../../lib/lower/program.js";
import { floats } from "./buffers.js";

const LANES = 3;
const [M, N, K] = [2, 4, 5];

interface Operand {
  readonly ref: BufferRef;
  readonly strides: readonly number[];
}

const one = (elements: number): Operand => ({ ref: floats(elements), strides: [] });
const each = ({ ref }: Operand, stride: number): Operand => ({ ref, strides: [stride] });

function product(
  a: Operand,
  b: Operand,
  c: Operand,
  more: Partial<MatmulStep<BufferRef>> = {},
): MatmulStep<BufferRef> {
  return {
    op: "matmul",
    dtype: "float32",
    ...{ m: M, n: N, k: K, transA: false, transB: false, lda: K, ldb: N, ldc: N },
    accumulate: false,
    batch: [],
    ...{ a, b, c },
    ...more,
  };
}

const grouped = (...steps: BufferStep[]) =>
  groupProducts(steps, (all) => groupJobs(pairTerms(convGroups(all))));

const [x, w, dx, dw] = [one(M * K), one(K * N), one(LANES * M * K), one(LANES * K * N)];
const [y, dy] = [one(M * N), one(LANES * M * N)];

describe("small products", () => {
  test("and their tangents are one launch, whichever operand is transposed", () => {
    const lanes = { batch: [LANES] };
    for (const [more, kind] of [
      [{}, "conv2d"],
      [{ transB: true, ldb: K }, "conv2dInputGrad"],
    ] as const) {
      const steps = grouped(
        product(x, w, y, more),
        product(dx, w, dy, { m: LANES * M, ...more }),
        product(each(x, 0), each(dw, K * N), each(dy, M * N), {
          ...lanes,
          ...more,
          accumulate: true,
        }),
      );
      expect(steps.length).toBe(1);
      const group = steps[0] as ConvGroupStep<BufferRef>;
      expect(group.kind).toBe(kind);
      expect(group.jobs.map(({ images, lanes: l, terms }) => [images, l, terms.length])).toEqual([
        [M, 1, 1],
        [M, LANES, 2],
      ]);
      expect(group.jobs[1]?.terms[1]).toMatchObject({
        a: { laneStride: 0 },
        b: { laneStride: K * N },
      });
    }
  });

  test("of a transposed left operand are filter gradients", () => {
    const more = { transA: true, lda: M };
    const steps = grouped(
      product(x, w, y, more),
      product(each(x, 0), each(dw, K * N), each(dy, M * N), { batch: [LANES], ...more }),
    );
    expect(steps).toMatchObject([
      { kind: "conv2dFilterGrad", window: { c: M, o: N }, jobs: [{ images: K }, { images: K }] },
    ]);
  });

  test("that find no other stay products, and so do large ones", () => {
    const alone = product(x, w, y);
    expect(grouped(alone)).toEqual([alone]);
    const large = { m: 4096, k: 4096, n: 4 };
    const pair = [product(x, w, y, large), product(x, dw, dy, large)];
    expect(grouped(...pair)).toEqual(pair);
  });
});
