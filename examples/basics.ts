/** `jit`, `grad`, `valueAndGrad` and `jvp`: plain functions of tensors, compiled for the device. */
import { grad, jit, jvp, ops, type Tensor, valueAndGrad } from "../lib/index.js"; // "glocal" in a project of your own

/** The norm of a vector. */
const norm = (x: Tensor) => ops.sqrt(ops.sum(ops.square(x)));
const x = Float64Array.of(3, 4);

console.log("norm", jit(norm)(x).data[0]);
console.log("gradient", ...grad(norm)(x).data);

const [value, slope] = valueAndGrad(norm)(x);
console.log("both", value.data[0]?.toFixed(1), ...slope.data);

const [, along] = jvp(norm)([x], [Float64Array.of(1, 0)]);
console.log("derivative along the first axis", along.data[0]);

/** Derivatives nest: Newton's method for the root of a function of one number. */
const cube = (r: Tensor) => ops.sub(ops.mul(ops.square(r), r), 2);
const improve = jit((r: Tensor) => ops.sub(r, ops.div(cube(r), grad(cube)(r))));
let root = Float64Array.of(1);
for (let i = 0; i < 6; i++) root = Float64Array.of(...improve(scalar(root)).data);
console.log("cube root of 2", root[0]);

function scalar(data: Float64Array) {
  return { data, shape: [] };
}
