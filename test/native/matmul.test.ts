import { describe, it } from "vitest";
import type { FloatDType } from "../../lib/ir/types.js";
import { rowMajor } from "../../lib/ir/types.js";
import type { MatmulStep } from "../../lib/lower/program.js";
import { expectStep, Random, slot } from "./structured_case.js";

interface Case {
  readonly dtype: FloatDType;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly accumulate: boolean;
  readonly batch: readonly number[];
  /** For each batch dimension, whether an operand has it or shares one matrix. */
  readonly batchA: readonly boolean[];
  readonly batchB: readonly boolean[];
  /** Columns that rows have in memory beyond those of the matrix. */
  readonly gap: number;
}

/** Strides of an operand over the batch, 0 along the dimensions it shares, and its whole size. */
function layout(batch: readonly number[], has: readonly boolean[], matrix: number) {
  const own = batch.map((d, i) => (has[i] ? d : 1));
  const strides = rowMajor(own).map((s, i) => (has[i] ? s * matrix : 0));
  return { strides, size: own.reduce((p, d) => p * d, matrix) };
}

function check(random: Random, c: Case): void {
  const { m, n, k, batch } = c;
  const lda = (c.transA ? m : k) + c.gap;
  const ldb = (c.transB ? k : n) + c.gap;
  const ldc = n + c.gap;
  const a = layout(batch, c.batchA, (c.transA ? k : m) * lda);
  const b = layout(batch, c.batchB, (c.transB ? n : k) * ldb);
  const out = layout(
    batch,
    batch.map(() => true),
    m * ldc,
  );
  const left = random.floats(c.dtype, a.size);
  const right = random.floats(c.dtype, b.size);
  const before = random.floats(c.dtype, out.size);
  const expected = Float64Array.from(before);
  const dims = rowMajor(batch);
  const count = batch.reduce((p, d) => p * d, 1);
  for (let product = 0; product < count; product++) {
    const offset = (strides: readonly number[]) =>
      strides.reduce(
        (sum, s, d) => sum + s * (Math.floor(product / (dims[d] as number)) % (batch[d] as number)),
        0,
      );
    const [fromA, fromB, to] = [offset(a.strides), offset(b.strides), offset(out.strides)];
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = c.accumulate ? (before[to + i * ldc + j] as number) : 0;
        for (let t = 0; t < k; t++) {
          const x = left[fromA + (c.transA ? t * lda + i : i * lda + t)] as number;
          const y = right[fromB + (c.transB ? j * ldb + t : t * ldb + j)] as number;
          sum += x * y;
        }
        expected[to + i * ldc + j] = sum;
      }
  }
  const step: MatmulStep = {
    ...{ op: "matmul", dtype: c.dtype, m, n, k, transA: c.transA, transB: c.transB },
    ...{ lda, ldb, ldc, accumulate: c.accumulate, batch },
    a: { ref: slot(0), strides: a.strides },
    b: { ref: slot(1), strides: b.strides },
    c: { ref: slot(2), strides: out.strides },
  };
  expectStep(step, c.dtype, [left, right, before], expected, JSON.stringify(c));
}

describe.each(["float32", "float64"] as const)("matmul, %s", (dtype) => {
  it("random shapes, transposes, batches and gaps", () => {
    const random = new Random(dtype === "float32" ? 1 : 2);
    for (let i = 0; i < 150; i++) {
      const batch = Array.from({ length: random.int(0, 3) }, () => random.int(1, 3));
      check(random, {
        dtype,
        m: random.flag() ? random.int(1, 4) : random.int(1, 40),
        n: random.flag() ? random.int(1, 4) : random.int(1, 40),
        k: random.int(0, 30),
        transA: random.flag(),
        transB: random.flag(),
        accumulate: random.flag(),
        batch,
        batchA: batch.map(() => random.flag()),
        batchB: batch.map(() => random.flag()),
        gap: random.flag() ? 0 : random.int(1, 5),
      });
    }
  });

  it.each([
    ["rows cut into blocks", 700, 64, 96],
    ["columns cut into blocks", 48, 900, 96],
    ["one column", 3000, 1, 900],
    ["one row", 1, 3000, 900],
    ["a weight gradient", 256, 32, 128],
  ] as const)("%s", (_, m, n, k) => {
    const random = new Random(4);
    for (const transA of [false, true]) {
      check(random, {
        ...{ dtype, m, n, k, transA, transB: transA, accumulate: transA },
        ...{ batch: [], batchA: [], batchB: [], gap: 0 },
      });
    }
  });

  it("folds lanes that share the second operand into rows", () => {
    check(new Random(6), {
      ...{ dtype, m: 64, n: 50, k: 40, transA: false, transB: true, accumulate: true },
      ...{ batch: [2, 3], batchA: [true, true], batchB: [false, false], gap: 0 },
    });
  });
});
