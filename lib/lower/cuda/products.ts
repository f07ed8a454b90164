/** Matrix products as calls of cuBLAS, each over matrices that are equally far apart. */
import { BYTES } from "../../ir/types.js";
import type { MatmulStep, Ref } from "../program.js";
import { checkSize } from "./fixed.js";
import type { ProductLaunch, ZeroLaunch } from "./launches.js";

interface BatchDim {
  readonly size: number;
  /** Of a, b and c. */
  readonly strides: readonly [number, number, number];
}

/** Dimensions of the batch, joined where one stride serves for both. */
function batchDims({ batch, a, b, c }: MatmulStep): BatchDim[] {
  const out: BatchDim[] = [];
  batch.forEach((size, i) => {
    if (size === 1) return;
    const strides = [a, b, c].map((x) => x.strides[i]) as [number, number, number];
    const last = out.at(-1);
    if (last?.strides.every((s, k) => s === (strides[k] as number) * size))
      out[out.length - 1] = { size: last.size * size, strides };
    else out.push({ size, strides });
  });
  return out;
}

const moved = (ref: Ref, elements: number, bytes: number): Ref => ({
  ...ref,
  offset: ref.offset + elements * bytes,
});

/** cuBLAS counts in 32 bits. */
const MOST_ROWS = 2 ** 31 - 1;

/** @throws GLOCAL_BAD_SHAPE for matrices larger than cuBLAS can count */
export function productLaunches(step: MatmulStep, tf32: boolean): (ProductLaunch | ZeroLaunch)[] {
  const { dtype, m, n, k, transA, transB, lda, ldb, ldc, accumulate, a, b, c } = step;
  const count = step.batch.reduce((x, y) => x * y, 1);
  if (m * n * count === 0) return [];
  const sizes = [m, n, k, lda, ldb, ldc, count];
  checkSize("rows, columns or matrices of a product", Math.max(...sizes), MOST_ROWS);
  const bytes = BYTES[dtype];
  // A sum of nothing. Results lie side by side.
  if (k === 0) return accumulate ? [] : [{ op: "zero", at: c.ref, bytes: m * n * count * bytes }];
  const dims = batchDims(step);
  const largest = dims.reduce((best, d, i) => (d.size > (dims[best]?.size ?? 0) ? i : best), 0);
  const together = dims[largest] ?? { size: 1, strides: [0, 0, 0] as const };
  const others = dims.filter((_, i) => i !== largest);
  let starts: (readonly [number, number, number])[] = [[0, 0, 0]];
  for (const { size, strides } of others)
    starts = starts.flatMap((from) =>
      Array.from(
        { length: size },
        (_, i) =>
          [from[0] + i * strides[0], from[1] + i * strides[1], from[2] + i * strides[2]] as const,
      ),
    );
  return starts.map(([atA, atB, atC]) => ({
    op: "product",
    dtype,
    tf32: tf32 && dtype === "float32",
    ...{ m, n, k, transA, transB, lda, ldb, ldc, accumulate },
    count: together.size,
    strideA: together.strides[0],
    strideB: together.strides[1],
    strideC: together.strides[2],
    a: moved(a.ref, atA, bytes),
    b: moved(b.ref, atB, bytes),
    c: moved(c.ref, atC, bytes),
  }));
}
