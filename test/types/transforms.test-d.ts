/** What the compiler makes of jit, grad, valueAndGrad and jvp: checked by tsc, never run. */
import {
  array,
  grad,
  type HostArray,
  jit,
  jvp,
  ops,
  type Tensor,
  valueAndGrad,
} from "../../lib/index.js";
import { type Equal, expectType } from "./expect-type.js";

declare const tensor: Tensor;
const floats = new Float32Array(2);
const host = array(floats);

interface Params {
  readonly w: Tensor;
  readonly layers: readonly Tensor[];
}
const loss = (params: Params, x: Tensor): Tensor => ops.sum(ops.mul(params.w, x));
const hostParams = { w: floats, layers: [host, 3] };

// Host values in, host arrays out; tensors in, tensors out.
const onHost = jit(loss)(hostParams, floats);
expectType<Equal<typeof onHost, HostArray>>();
const onTensors = jit(loss)({ w: tensor, layers: [] }, tensor);
expectType<Equal<typeof onTensors, Tensor>>();

// A gradient is like its argument.
const gradient = grad(loss)(hostParams, host);
expectType<Equal<typeof gradient.w, HostArray>>();
expectType<Equal<typeof gradient.layers, readonly HostArray[]>>();
const traced = grad(loss)({ w: tensor, layers: [tensor] }, tensor);
expectType<Equal<typeof traced, Params>>();

const [value, same] = valueAndGrad(loss)(hostParams, host);
expectType<Equal<typeof value, HostArray>>();
expectType<Equal<typeof same.w, HostArray>>();

// jvp takes lists of primals and of tangents, and gives value and tangent.
const split = (x: Tensor) => ({ sum: ops.sum(x), pair: [x, x] as const });
const [result, tangent] = jvp(split)([floats], [floats]);
expectType<Equal<typeof result.sum, HostArray>>();
expectType<Equal<(typeof tangent.pair)[1], HostArray>>();

// Transforms nest.
const square = (x: Tensor) => ops.sum(ops.square(x));
const slope = (x: Tensor) => ops.sum(grad(square)(x));
const second = grad(slope)(floats);
expectType<Equal<typeof second, HostArray>>();
const along = jvp(grad(square))([floats], [floats]);
expectType<Equal<(typeof along)[1], HostArray>>();
const twice = jit(grad(grad((x: Tensor) => ops.mul(x, x))))(3);
expectType<Equal<typeof twice, HostArray>>();

// Mistakes.
// @ts-expect-error a gradient needs a function that returns a tensor
grad((x: Tensor) => [x]);
// @ts-expect-error the second argument is missing
jit(loss)(hostParams);
// @ts-expect-error a string is no array
jit(square)("3");
// @ts-expect-error tensors and host arrays do not mix in one call
jit(loss)({ w: tensor, layers: [] }, floats);
// @ts-expect-error there is no such device
jit(square, { device: "tpu" });
// @ts-expect-error tangents come as a list
jvp(square)([floats], floats);
// @ts-expect-error a number stands for a tensor only beside one
ops.exp(1);
