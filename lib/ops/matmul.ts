/** Matrix product over leading batch axes. */
import type { Attrs, ReferenceArray, Tensor } from "../ir/graph.js";
import { isFloat, type Shape, sizeOf, type Type } from "../ir/types.js";
import { broadcastShapes, sumTo } from "./broadcast.js";
import { bilinear, definePrimitive, type PrimitiveFunction, typeError } from "./define.js";
import { add } from "./elementwise.js";
import { reshape } from "./shape.js";

export interface MatmulAttrs extends Attrs {
  readonly transA: boolean;
  readonly transB: boolean;
}

/** Rows, columns and batch of an operand, as the product sees it. */
function matrix(shape: Shape, transposed: boolean) {
  const [r, c] = shape.slice(-2) as [number, number];
  return { rows: transposed ? c : r, cols: transposed ? r : c, batch: shape.slice(0, -2) };
}

export const matmulPrimitive: PrimitiveFunction<MatmulAttrs> = definePrimitive<MatmulAttrs>({
  name: "matmul",
  type: (types, { transA, transB }) => {
    const [x, y] = types as [Type, Type];
    if (x.dtype !== y.dtype || !isFloat(x.dtype))
      throw typeError("GLOCAL_BAD_DTYPE", "matmul", "one floating dtype", types);
    const detail = `with transA ${transA}, transB ${transB}`;
    if (x.shape.length < 2 || y.shape.length < 2)
      throw typeError("GLOCAL_BAD_SHAPE", "matmul", "two matrices (rank ≥ 2)", types, detail);
    const a = matrix(x.shape, transA);
    const b = matrix(y.shape, transB);
    const batch = broadcastShapes(a.batch, b.batch);
    if (a.cols !== b.rows || !batch)
      throw typeError("GLOCAL_BAD_SHAPE", "matmul", "[…,m,k] and […,k,n]", types, detail);
    return { dtype: x.dtype, shape: [...batch, a.rows, b.cols] };
  },
  ...bilinear<MatmulAttrs>({
    apply: (x, y, attrs) => matmulPrimitive([x, y], attrs),
    transpose: [
      (g, { inputs: [x, y], attrs: { transA, transB } }) =>
        sumTo(
          transA
            ? matmul(y as Tensor, g, { transA: transB, transB: true })
            : matmul(g, y as Tensor, { transB: !transB }),
          (x as Tensor).shape,
        ),
      (g, { inputs: [x, y], attrs: { transA, transB } }) =>
        sumTo(
          transB
            ? matmul(g, x as Tensor, { transA: true, transB: transA })
            : matmul(x as Tensor, g, { transA: !transA }),
          (y as Tensor).shape,
        ),
    ],
    add: (x, y) => add(x, y),
  }),
  reference: (inputs, { transA, transB }, output) => {
    const [x, y] = inputs as [ReferenceArray, ReferenceArray];
    const a = matrix(x.shape, transA);
    const b = matrix(y.shape, transB);
    const batch = output.shape.slice(0, -2);
    const out = new Float64Array(sizeOf(output.shape));
    for (let i = 0; i < sizeOf(batch); i++) {
      const ax = batchOffset(i, batch, a.batch) * a.rows * a.cols;
      const by = batchOffset(i, batch, b.batch) * b.rows * b.cols;
      for (let m = 0; m < a.rows; m++)
        for (let n = 0; n < b.cols; n++) {
          let total = 0;
          for (let k = 0; k < a.cols; k++) {
            const left = x.data[ax + (transA ? k * a.rows + m : m * a.cols + k)] as number;
            const right = y.data[by + (transB ? n * b.rows + k : k * b.cols + n)] as number;
            total += left * right;
          }
          out[(i * a.rows + m) * b.cols + n] = total;
        }
    }
    return out;
  },
});

/** Which matrix of a broadcast operand meets output matrix `i`. */
function batchOffset(i: number, batch: Shape, own: Shape): number {
  let rest = i;
  let at = 0;
  let stride = 1;
  for (let d = batch.length - 1; d >= batch.length - own.length; d--) {
    const size = own[d - (batch.length - own.length)] as number;
    if (size !== 1) at += (rest % (batch[d] as number)) * stride;
    stride *= size;
    rest = Math.floor(rest / (batch[d] as number));
  }
  return at;
}

/**
 * `x · y` with leading axes broadcast as in NumPy. A vector operand is taken as
 * a row (left) or a column (right), and the axis it lent is dropped again.
 */
export function matmul(
  x: Tensor,
  y: Tensor,
  options: { transA?: boolean; transB?: boolean } = {},
): Tensor {
  const { transA = false, transB = false } = options;
  const left = x.shape.length === 1 ? reshape(x, [1, ...x.shape]) : x;
  const right = y.shape.length === 1 ? reshape(y, [...y.shape, 1]) : y;
  const product = matmulPrimitive([left, right], { transA, transB });
  const shape = product.shape.filter(
    (_, i) =>
      !(left !== x && i === product.shape.length - 2) &&
      !(right !== y && i === product.shape.length - 1),
  );
  return reshape(product, shape);
}
