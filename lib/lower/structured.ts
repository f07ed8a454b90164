/** The kernels of structured primitives: matrix products, convolutions, pooling, rows by index, random numbers. */
import type { Tensor } from "../ir/graph.js";
import { isFloat, rowMajor, type Shape, sizeOf } from "../ir/types.js";
import {
  conv2dFilterGradPrimitive,
  conv2dInputGradPrimitive,
  conv2dPrimitive,
} from "../ops/conv.js";
import { gatherPrimitive, scatterAddPrimitive } from "../ops/index-rows.js";
import { matmulPrimitive } from "../ops/matmul.js";
import {
  avgPoolGradPrimitive,
  avgPoolPrimitive,
  maxPoolGradPrimitive,
  maxPoolPrimitive,
  maxPoolTangentPrimitive,
} from "../ops/pool.js";
import { randomUniformPrimitive } from "../ops/random.js";
import { argmaxPrimitive } from "../ops/reduce.js";
import type { Geometry } from "../ops/window.js";
import type { BufferRef, BufferStep } from "./buffer.js";
import type { ComputeType, ConvStep, LanedRef, MatmulStep, PoolStep, Window2d } from "./program.js";

/** What a kernel rule may ask: where values lie, and how many lanes there are. */
export interface Site {
  readonly lanes: number;
  at(node: Tensor): BufferRef;
  /** The node adds to memory that another kernel has written. */
  readonly accumulate: boolean;
}

type Rule = (node: Tensor, site: Site) => BufferStep;
type Four = readonly [number, number, number, number];

const laned = (node: Tensor, { at }: Site): LanedRef<BufferRef> => ({
  ref: at(node),
  laneStride: node.type.laned ? sizeOf(node.shape) : 0,
});

function matmul(node: Tensor, site: Site): MatmulStep<BufferRef> {
  const [x, y] = node.inputs as [Tensor, Tensor];
  const { transA, transB } = node.attrs as { transA: boolean; transB: boolean };
  const [m, n] = node.shape.slice(-2) as [number, number];
  const k = x.shape.at(transA ? -2 : -1) as number;
  const lanes = node.type.laned ? [site.lanes] : [];
  const batch = [...lanes, ...node.shape.slice(0, -2)];
  const strides = (value: Tensor): number[] => {
    const own = value.shape.slice(0, -2);
    const lead = node.shape.length - 2 - own.length;
    const steps = rowMajor(value.shape);
    const inner = node.shape
      .slice(0, -2)
      .map((_, i) => (i < lead || own[i - lead] === 1 ? 0 : (steps[i - lead] as number)));
    return node.type.laned ? [value.type.laned ? sizeOf(value.shape) : 0, ...inner] : inner;
  };
  const step: MatmulStep<BufferRef> = {
    op: "matmul",
    dtype: node.dtype as ComputeType,
    m,
    n,
    k,
    transA,
    transB,
    lda: x.shape.at(-1) as number,
    ldb: y.shape.at(-1) as number,
    ldc: n,
    accumulate: site.accumulate,
    batch,
    a: { ref: site.at(x), strides: strides(x) },
    b: { ref: site.at(y), strides: strides(y) },
    c: { ref: site.at(node), strides: strides(node) },
  };
  return foldRows(step);
}

/** Batches that share the right operand and follow one another in memory are rows of one bigger product. */
function foldRows(step: MatmulStep<BufferRef>): MatmulStep<BufferRef> {
  const last = step.batch.length - 1;
  const foldable =
    last >= 0 &&
    !step.transA &&
    step.b.strides[last] === 0 &&
    step.a.strides[last] === step.m * step.lda &&
    step.c.strides[last] === step.m * step.ldc;
  if (!foldable) return step;
  const drop = <T extends { strides: readonly number[] }>(x: T): T => ({
    ...x,
    strides: x.strides.slice(0, -1),
  });
  return foldRows({
    ...step,
    m: step.m * (step.batch[last] as number),
    batch: step.batch.slice(0, -1),
    a: drop(step.a),
    b: drop(step.b),
    c: drop(step.c),
  });
}

function window(x: Shape, kernel: readonly [number, number], y: Shape, g: Geometry): Window2d {
  const [n, h, w, c] = x as Four;
  const [, oh, ow, o] = y as Four;
  return {
    n,
    h,
    w,
    c,
    kh: kernel[0],
    kw: kernel[1],
    o,
    strideH: g.stride[0],
    strideW: g.stride[1],
    padTop: g.padding[0][0],
    padLeft: g.padding[1][0],
    oh,
    ow,
  };
}

/** Lanes of the images alone are just more images. */
function foldImages<S extends ConvStep<BufferRef> | PoolStep<BufferRef>>(
  step: S,
  fold: boolean,
): S {
  return fold && step.lanes > 1
    ? { ...step, lanes: 1, window: { ...step.window, n: step.window.n * step.lanes } }
    : step;
}

function convolution(
  op: ConvStep["op"],
  shapes: (node: Tensor, a: Tensor, b: Tensor) => { x: Shape; w: Shape; y: Shape },
): Rule {
  return (node, site) => {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const { x, w, y } = shapes(node, a, b);
    const step: ConvStep<BufferRef> = {
      op,
      dtype: node.dtype as ComputeType,
      window: window(x, w.slice(0, 2) as unknown as [number, number], y, node.attrs as Geometry),
      lanes: node.type.laned ? site.lanes : 1,
      accumulate: site.accumulate,
      a: laned(a, site),
      b: laned(b, site),
      out: laned(node, site),
    };
    return foldImages(step, op !== "conv2dFilterGrad" && a.type.laned && !b.type.laned);
  };
}

function pooling(
  op: PoolStep["op"],
  rule: (node: Tensor) => { a: Tensor; b?: Tensor; x: Shape; y: Shape },
): Rule {
  return (node, site) => {
    const { a, b, x, y } = rule(node);
    const step: PoolStep<BufferRef> = {
      op,
      dtype: node.dtype as ComputeType,
      window: window(x, node.attrs.window, y, node.attrs as Geometry),
      lanes: node.type.laned ? site.lanes : 1,
      a: laned(a, site),
      ...(b ? { b: laned(b, site) } : {}),
      out: laned(node, site),
    };
    return foldImages(step, a.type.laned && (!b || b.type.laned));
  };
}

const rows: (op: "gather" | "scatterAdd") => Rule = (op) => (node, site) => {
  const [table, index] = node.inputs as [Tensor, Tensor];
  const whole = op === "gather" ? table.shape : node.shape;
  return {
    op,
    dtype: node.dtype,
    count: index.shape[0] as number,
    rows: whole[0] as number,
    rowSize: sizeOf(whole.slice(1)),
    lanes: node.type.laned ? site.lanes : 1,
    index: site.at(index),
    table: laned(table, site),
    out: laned(node, site),
  };
};

const operand = (node: Tensor, i: number) => node.inputs[i] as Tensor;

/** One rule per structured primitive. */
const rules = new Map<unknown, Rule>([
  [matmulPrimitive, matmul],
  [conv2dPrimitive, convolution("conv2d", (y, x, w) => ({ x: x.shape, w: w.shape, y: y.shape }))],
  [
    conv2dInputGradPrimitive,
    convolution("conv2dInputGrad", (x, g, w) => ({ x: x.shape, w: w.shape, y: g.shape })),
  ],
  [
    conv2dFilterGradPrimitive,
    convolution("conv2dFilterGrad", (w, x, g) => ({ x: x.shape, w: w.shape, y: g.shape })),
  ],
  [
    avgPoolPrimitive,
    pooling("avgPool", (y) => ({ a: operand(y, 0), x: operand(y, 0).shape, y: y.shape })),
  ],
  [
    avgPoolGradPrimitive,
    pooling("avgPoolGrad", (x) => ({ a: operand(x, 0), x: x.shape, y: operand(x, 0).shape })),
  ],
  [
    maxPoolPrimitive,
    pooling("maxPool", (y) => ({ a: operand(y, 0), x: operand(y, 0).shape, y: y.shape })),
  ],
  [
    maxPoolTangentPrimitive,
    pooling("maxPoolTangent", (y) => ({
      a: operand(y, 1),
      b: operand(y, 0),
      x: operand(y, 0).shape,
      y: y.shape,
    })),
  ],
  [
    maxPoolGradPrimitive,
    pooling("maxPoolGrad", (x) => ({
      a: operand(x, 1),
      b: operand(x, 0),
      x: x.shape,
      y: operand(x, 0).shape,
    })),
  ],
  [gatherPrimitive, rows("gather")],
  [scatterAddPrimitive, rows("scatterAdd")],
  [
    argmaxPrimitive,
    (node, site) => {
      const [x] = node.inputs as [Tensor];
      const { axis } = node.attrs as { axis: number };
      const lanes = node.type.laned ? site.lanes : 1;
      return {
        op: "argmax",
        dtype: x.dtype,
        outer: lanes * sizeOf(x.shape.slice(0, axis)),
        axis: x.shape[axis] as number,
        inner: sizeOf(x.shape.slice(axis + 1)),
        x: site.at(x),
        y: site.at(node),
      };
    },
  ],
  [
    randomUniformPrimitive,
    (node, site) => ({
      op: "randomUniform",
      dtype: (isFloat(node.dtype) ? node.dtype : "float32") as ComputeType,
      count: sizeOf(node.shape),
      site: node.attrs.site,
      key: site.at(operand(node, 0)),
      out: site.at(node),
    }),
  ],
]);

/** The kernel of a structured primitive, or undefined when the node is not one. */
export function structuredStep(node: Tensor, site: Site): BufferStep | undefined {
  return rules.get(node.primitive)?.(node, site);
}
