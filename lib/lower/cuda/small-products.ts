/**
 * A matrix product is a convolution of images of one pixel. Small ones take less time than their
 * launch, so they are worth sharing one, as convolutions do; the others stay products.
 */
import type { BufferRef, BufferStep } from "../buffer.js";
import type { ConvStep, MatmulStep, Window2d } from "../program.js";
import { alone } from "./conv-groups.js";
import type { ConvGroupStep, CudaBufferStep } from "./steps.js";

type Product = MatmulStep<BufferRef>;

/** Multiplications up to which a product is small: a few microseconds of an H100's. */
const SMALL = 2 ** 24;

const onePixel = (n: number, c: number, o: number): Window2d => ({
  ...{ n, c, o },
  ...{ h: 1, w: 1, kh: 1, kw: 1, oh: 1, ow: 1 },
  ...{ strideH: 1, strideW: 1, padTop: 0, padLeft: 0 },
});

function kindOf({ m, n, k, transA, transB }: Product): Pick<ConvStep, "op" | "window"> | undefined {
  if (transA && transB) return undefined;
  if (transA) return { op: "conv2dFilterGrad", window: onePixel(k, m, n) };
  return transB
    ? { op: "conv2dInputGrad", window: onePixel(m, n, k) }
    : { op: "conv2d", window: onePixel(m, k, n) };
}

function asConvolution(step: Product): ConvStep<BufferRef> | undefined {
  const { m, n, k, batch, dtype, accumulate } = step;
  const [lanes = 1, ...more] = batch;
  const size = m * n * k * lanes;
  const kind = kindOf(step);
  if (!kind || more.length > 0 || size === 0 || size > SMALL) return undefined;
  const laned = ({ ref, strides }: Product["a"]) => ({ ref, laneStride: strides[0] ?? 0 });
  return {
    ...kind,
    ...{ dtype, lanes, accumulate },
    ...{ a: laned(step.a), b: laned(step.b), out: laned(step.c) },
  };
}

/** What `group` makes of products and convolutions together; products that it leaves alone are so again. */
export function groupProducts(
  steps: readonly BufferStep[],
  group: (steps: readonly (BufferStep | ConvGroupStep<BufferRef>)[]) => CudaBufferStep[],
): CudaBufferStep[] {
  const products = new Map<CudaBufferStep, Product>();
  const all = steps.map((step) => {
    const same = step.op === "matmul" ? asConvolution(step) : undefined;
    if (!same) return step;
    const convolution = alone(same);
    products.set(convolution, step as Product);
    return convolution;
  });
  return group(all).map((step) => products.get(step) ?? step);
}
