/** What a program costs by arithmetic: floating-point operations, and bytes that its kernels touch. */
import { BYTES } from "../ir/types.js";
import type { Program, Step, View } from "./program.js";

export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** Elements of an operand: dimensions with stride 0 are read once. */
function viewBytes(view: View<unknown>, dims: readonly number[]): number {
  const extent = dims.filter((_, i) => view.strides[i] !== 0);
  return product(extent) * BYTES[view.dtype];
}

function stepCost(step: Step<unknown>): Cost {
  switch (step.op) {
    case "map":
      return expressionCost(step, step.stores);
    case "reduce":
      return expressionCost(step, step.outputs);
    case "matmul": {
      const { m, n, k } = step;
      const count = product(step.batch);
      return {
        flops: 2 * m * n * k * count,
        bytes: (m * k + k * n + m * n) * count * BYTES[step.dtype],
      };
    }
    case "conv2d":
    case "conv2dInputGrad":
    case "conv2dFilterGrad": {
      const { n, h, w, c, kh, kw, o, oh, ow } = step.window;
      const elements = n * h * w * c + kh * kw * c * o + n * oh * ow * o;
      return {
        flops: 2 * n * oh * ow * o * kh * kw * c * step.lanes,
        bytes: elements * step.lanes * BYTES[step.dtype],
      };
    }
    case "argmax": {
      const count = step.outer * step.axis * step.inner;
      return { flops: count, bytes: count * BYTES[step.dtype] };
    }
    case "gather":
    case "scatterAdd": {
      const count = step.count * step.rowSize * step.lanes;
      return { flops: 0, bytes: 2 * count * BYTES[step.dtype] };
    }
    case "randomUniform":
      return { flops: 30 * step.count, bytes: step.count * BYTES[step.dtype] };
    case "blocks": {
      const { flops, bytes } = programCost(step.program);
      return { flops: flops * step.blocks, bytes: bytes * step.blocks };
    }
    default: {
      const { n, h, w, c, oh, ow } = step.window;
      const count = n * c * step.lanes;
      return { flops: count * h * w, bytes: count * (h * w + oh * ow) * BYTES[step.dtype] };
    }
  }
}

function expressionCost(
  step: Extract<Step<unknown>, { op: "map" | "reduce" }>,
  outputs: readonly { readonly view: View<unknown> }[],
): Cost {
  const loads = step.loads.reduce((sum, v) => sum + viewBytes(v, step.dims), 0);
  const kept = step.op === "reduce" ? step.dims.length - step.reduced : step.dims.length;
  const stores = outputs.reduce((sum, o) => sum + viewBytes(o.view, step.dims.slice(0, kept)), 0);
  return { flops: step.code.length * product(step.dims), bytes: loads + stores };
}

/** Wherever their operands lie. */
export function stepsCost(steps: readonly Step<unknown>[]): Cost {
  return steps
    .map(stepCost)
    .reduce((sum, c) => ({ flops: sum.flops + c.flops, bytes: sum.bytes + c.bytes }), {
      flops: 0,
      bytes: 0,
    });
}

export const programCost = (program: Program): Cost => stepsCost(program.steps);

/** Memory for a program's intermediate values when so many threads run it: its arena, and each thread's for blocks. */
export function scratchBytes(program: Program, threads: number): number {
  const nested = program.steps.map((step) =>
    step.op === "blocks" ? Math.min(step.parts, threads) * step.program.arenaBytes : 0,
  );
  return program.arenaBytes + Math.max(0, ...nested);
}
