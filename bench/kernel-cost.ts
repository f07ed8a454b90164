/** What one kernel call is, and the least that it has to compute and move. */
import type { Step, Window2d } from "../lib/lower/program.js";

export interface KernelCost {
  /** What kernels are grouped by. */
  readonly kind: string;
  /** Shape of the work, for people. */
  readonly what: string;
  /** Multiplications and additions; for maps and reductions the instructions. */
  readonly flops: number;
  /** Bytes of its operands, each once. */
  readonly bytes: number;
}

const BYTES = { float32: 4, float64: 8, int32: 4, bool: 1 } as const;
const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** Elements that strides reach: dimensions with stride 0 repeat the same ones. */
const reached = (dims: readonly number[], strides: readonly number[]) =>
  product(dims.filter((_, i) => strides[i] !== 0));

/** Lanes of an operand: 1 when all share it. */
const copies = (operand: { readonly laneStride: number }, lanes: number) =>
  operand.laneStride === 0 ? 1 : lanes;

const input = (w: Window2d) => w.n * w.h * w.w * w.c;
const output = (w: Window2d) => w.n * w.oh * w.ow * w.o;

export function kernelCost(step: Step): KernelCost {
  switch (step.op) {
    case "map":
    case "reduce": {
      const { dims, loads, code } = step;
      const size = product(dims);
      const kept = step.op === "reduce" ? dims.slice(0, dims.length - step.reduced) : dims;
      const results = step.op === "reduce" ? step.outputs : step.stores;
      const moved = [
        ...loads.map((v) => BYTES[v.dtype] * reached(dims, v.strides)),
        ...results.map(({ view }) => BYTES[view.dtype] * reached(kept, view.strides)),
      ];
      const over = step.op === "reduce" ? ` ${step.kind} over the last ${step.reduced}` : "";
      const expression = code.map((i) => ("value" in i ? String(i.value) : i.op)).join(" ");
      return {
        kind: step.op,
        what: `[${dims}]${over}: ${loads.length} in, ${results.length} out; ${expression || "copy"}`,
        flops: size * code.filter((i) => i.op !== "constant").length,
        bytes: moved.reduce((a, b) => a + b, 0),
      };
    }
    case "matmul": {
      const { m, n, k, batch, dtype, a, b, c, accumulate } = step;
      const bytes =
        m * k * reached(batch, a.strides) +
        k * n * reached(batch, b.strides) +
        m * n * reached(batch, c.strides) * (accumulate ? 2 : 1);
      const layout = `${step.transA ? "aᵀ" : "a"}·${step.transB ? "bᵀ" : "b"}`;
      return {
        kind: step.op,
        what: `${m}×${k}×${n}${batch.length > 0 ? ` times [${batch}]` : ""} ${layout}${accumulate ? " +=" : ""}`,
        flops: 2 * m * n * k * product(batch),
        bytes: BYTES[dtype] * bytes,
      };
    }
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad": {
      const { window: w, lanes, a, b, out, dtype, accumulate } = step;
      const filter = w.kh * w.kw * w.c * w.o;
      const [sizeA, sizeB, sizeOut] = {
        conv2d: [input(w), filter, output(w)],
        conv2dInputGrad: [output(w), filter, input(w)],
        conv2dFilterGrad: [input(w), output(w), filter],
      }[step.op] as [number, number, number];
      const bytes =
        sizeA * copies(a, lanes) +
        sizeB * copies(b, lanes) +
        sizeOut * copies(out, lanes) * (accumulate ? 2 : 1);
      const laned = [a, b].map((x) => (x.laneStride === 0 ? "shared" : "laned"));
      return {
        kind: step.op,
        what: `${w.n}×${w.h}×${w.w}×${w.c} ∗ ${w.kh}×${w.kw}→${w.o}, ${lanes} lanes (${laned})${accumulate ? " +=" : ""}`,
        flops: 2 * output(w) * w.kh * w.kw * w.c * lanes,
        bytes: BYTES[dtype] * bytes,
      };
    }
    case "argmax": {
      const size = step.outer * step.axis * step.inner;
      const bytes = BYTES[step.dtype] * size + 4 * step.outer * step.inner;
      return {
        kind: step.op,
        what: `[${step.outer},${step.axis},${step.inner}]`,
        flops: size,
        bytes,
      };
    }
    case "gather":
    case "scatterAdd": {
      const { count, rows, rowSize, lanes, table, out, dtype } = step;
      const moved = count * rowSize * (copies(table, lanes) + copies(out, lanes));
      return {
        kind: step.op,
        what: `${count} of ${rows} rows of ${rowSize}, ${lanes} lanes`,
        flops: 0,
        bytes: BYTES[dtype] * moved + 4 * count,
      };
    }
    case "randomUniform":
      return {
        kind: step.op,
        what: `[${step.count}]`,
        flops: 0,
        bytes: BYTES[step.dtype] * step.count,
      };
    case "blocks": {
      const inner = step.program.steps.map(kernelCost);
      const total = (of: (cost: KernelCost) => number) =>
        step.blocks * inner.reduce((sum, cost) => sum + of(cost), 0);
      return {
        kind: step.op,
        what: `${step.blocks} in ${step.parts} parts, ${inner.length} kernels each`,
        flops: total((c) => c.flops),
        bytes: total((c) => c.bytes),
      };
    }
    default: {
      const { window: w, lanes, a, b, out, dtype, op } = step;
      const isInput = {
        a: op !== "avgPoolGrad",
        out: op === "avgPoolGrad" || op === "maxPoolGrad",
      };
      const bytes =
        (isInput.a ? input(w) : output(w)) * copies(a, lanes) +
        (b ? (op === "maxPoolGrad" ? output(w) : input(w)) * copies(b, lanes) : 0) +
        (isInput.out ? input(w) : output(w)) * copies(out, lanes);
      return {
        kind: op,
        what: `${w.n}×${w.h}×${w.w}×${w.c}, window ${w.kh}×${w.kw}, ${lanes} lanes`,
        flops: output(w) * w.kh * w.kw * lanes,
        bytes: BYTES[dtype] * bytes,
      };
    }
  }
}
