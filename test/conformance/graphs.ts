/** The graphs of a case's instance, and numbers to put in. */
import type { Graph, Tensor } from "../../lib/ir/graph.js";
import { type FloatDType, isFloat, type Shape, sizeOf, type Type } from "../../lib/ir/types.js";
import { full } from "../../lib/ops/constant.js";
import { type InputSpec, traceFlat } from "../../lib/trace/trace.js";
import { pullback, pushforward } from "../../lib/transform/derivative.js";
import type { Instance } from "./case.js";
import { Random } from "./random.js";

const typeOf = (shape: Shape, dtype: Type["dtype"], laned = false): Type => ({
  shape,
  dtype,
  laned,
});

function argumentTypes({ args }: Instance, dtype: FloatDType): Type[] {
  return args.map(({ shape, values }) =>
    typeOf(shape, values.dtype === "float" ? dtype : values.dtype),
  );
}

/** Which arguments derivatives are taken by. */
export function variables({ args }: Instance): number[] {
  return args.flatMap(({ values }, i) => (values.variable ? [i] : []));
}

const named = (name: string, types: readonly Type[]): InputSpec[] =>
  types.map((type, i) => ({ name: `${name}${i}`, type }));

/** Inputs: the arguments. Output: the value. */
export function valueGraph(instance: Instance, dtype: FloatDType): Graph {
  return traceFlat(named("x", argumentTypes(instance, dtype)), (xs) => [instance.apply(xs, dtype)]);
}

/** The same, with each argument laned that the seed says. Indices and keys are the same in all lanes. */
export function lanedGraph(instance: Instance, dtype: FloatDType): Graph {
  const random = new Random(instance.seed);
  const types = argumentTypes(instance, dtype).map((type) => ({
    ...type,
    laned: type.dtype !== "int32" && random.next() < 0.5,
  }));
  return traceFlat(named("x", types), (xs) => [instance.apply(xs, dtype)]);
}

export function outputType(instance: Instance, dtype: FloatDType): Type {
  return (valueGraph(instance, dtype).outputs[0] as Tensor).type;
}

const orZero = (x: Tensor, derivative: Tensor | null | undefined) =>
  derivative ?? full(x.shape, 0, x.dtype);

/** Inputs: the arguments, the cotangent of the value. Outputs: the cotangent of each variable. */
export function gradientGraph(instance: Instance, dtype: FloatDType): Graph {
  const types = argumentTypes(instance, dtype);
  const specs = [...named("x", types), ...named("ȳ", [outputType(instance, dtype)])];
  return traceFlat(specs, (inputs) => {
    const xs = inputs.slice(0, types.length);
    const wrt = variables(instance).map((i) => xs[i] as Tensor);
    const cotangents = pullback([instance.apply(xs, dtype)], inputs.slice(types.length), wrt);
    return wrt.map((x, i) => orZero(x, cotangents[i]));
  });
}

/**
 * Inputs: the arguments, the cotangent of the value, a tangent for each variable.
 * Outputs: the value, the cotangents of the variables, and the tangents of all of these.
 */
export function derivativesGraph(instance: Instance, dtype: FloatDType, laned: boolean): Graph {
  const types = argumentTypes(instance, dtype);
  const wrt = variables(instance);
  const specs = [
    ...named("x", types),
    ...named("ȳ", [outputType(instance, dtype)]),
    ...named(
      "ẋ",
      wrt.map((i) => typeOf((types[i] as Type).shape, (types[i] as Type).dtype, laned)),
    ),
  ];
  return traceFlat(specs, (inputs) => {
    const xs = inputs.slice(0, types.length);
    const [cotangent, ...tangents] = inputs.slice(types.length) as [Tensor, ...Tensor[]];
    const by = wrt.map((i) => xs[i] as Tensor);
    const y = instance.apply(xs, dtype);
    const pulled = pullback([y], [cotangent], by);
    const first = [y, ...by.map((x, i) => orZero(x, pulled[i]))];
    const pushed = pushforward(first, new Map(by.map((x, i) => [x, tangents[i] as Tensor])));
    return [...first, ...first.map((x, i) => orZero(x, pushed[i]))];
  });
}

/** Numbers as a device would hold them. */
export function rounded(numbers: ArrayLike<number>, dtype: Type["dtype"]): number[] {
  return Array.from(numbers, dtype === "float32" ? Math.fround : (x) => x);
}

export function argumentValues(instance: Instance, dtype: FloatDType): number[][] {
  const random = new Random(instance.seed);
  return instance.args.map(({ shape, values }) =>
    rounded(values.draw(random, sizeOf(shape)), values.dtype === "float" ? dtype : values.dtype),
  );
}

/** Random numbers for inputs of a graph from the `from`-th on: cotangents and tangents. */
export function directions(graph: Graph, from: number, seed: number, lanes: number): number[][] {
  const random = new Random(seed ^ 0x5f3759df);
  return graph.inputs.slice(from).map(({ type }) => {
    const size = sizeOf(type.shape) * (type.laned ? lanes : 1);
    const draw = Array.from({ length: size }, () => random.between(-1, 1));
    return rounded(draw, type.dtype);
  });
}

/** Whether an instance's value can be differentiated at all. */
export function isSmooth(instance: Instance, dtype: FloatDType): boolean {
  return variables(instance).length > 0 && isFloat(outputType(instance, dtype).dtype);
}
