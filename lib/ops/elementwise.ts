/**
 * Elementwise primitives. Each is one entry: the scalar function (float64
 * reference and constant folding), and a linear map per operand that serves
 * both derivative modes, since the Jacobian of an elementwise function is
 * diagonal: `partials[i](t)` is ∂y/∂xᵢ · t.
 *
 * Ties, kinks and zeros: max and min take the first operand on a tie, |x| and
 * sign have slope 0 at 0, the derivative of √ is taken as 0 at 0, x⁰ is flat.
 */
import type { Attrs, Primitive, Tensor } from "../ir/graph.js";
import type { ScalarOp } from "../ir/scalar.js";
import { isFloat, sameShape, sizeOf, type Type } from "../ir/types.js";
import { broadcastTogether, type Operand } from "./broadcast.js";
import { full } from "./constant.js";
import { definePrimitive, typeError } from "./define.js";

type Partial = ((t: Tensor, xs: readonly Tensor[], y: Tensor) => Tensor) | null;

interface ElementwiseRule {
  /** The opcode that devices know it by. */
  readonly name: ScalarOp;
  readonly scalar: (...x: number[]) => number;
  readonly partials: readonly Partial[];
  /** Dtypes accepted (default: floats) and given (default: that of the operands). */
  readonly accepts?: "float" | "number" | "bool" | "any";
  readonly gives?: "bool";
}

export interface ElementwisePrimitive extends Primitive<Attrs> {
  readonly scalar: (...x: number[]) => number;
}

const byName = new Map<string, ElementwisePrimitive>();

/** The elementwise primitive of that name, if it is one. */
export function elementwisePrimitive(primitive: Primitive): ElementwisePrimitive | undefined {
  const found = byName.get(primitive.name);
  return found === primitive ? found : undefined;
}

const ACCEPTS = {
  float: (t: Type) => isFloat(t.dtype),
  number: (t: Type) => t.dtype !== "bool",
  bool: (t: Type) => t.dtype === "bool",
  any: () => true,
};

function checkOperands(name: string, types: readonly Type[], accepts: keyof typeof ACCEPTS): void {
  const [first, ...rest] = types as [Type, ...Type[]];
  if (rest.some((t) => !sameShape(t.shape, first.shape)))
    throw typeError("GLOCAL_BAD_SHAPE", name, "equal shapes", types);
  if (rest.some((t) => t.dtype !== first.dtype))
    throw typeError("GLOCAL_BAD_DTYPE", name, "equal dtypes", types);
  if (!ACCEPTS[accepts](first))
    throw typeError("GLOCAL_BAD_DTYPE", name, `a ${accepts} dtype`, types);
}

function elementwise(rule: ElementwiseRule) {
  const { name, scalar, partials, accepts = "float", gives } = rule;
  const arity = partials.length;
  const primitive = definePrimitive<Attrs>({
    name,
    type: (types) => {
      const [first] = types as [Type];
      if (name === "select") {
        checkOperands(name, types.slice(0, 1), "bool");
        checkOperands(name, types.slice(1), "any");
        if (!sameShape(first.shape, (types[1] as Type).shape))
          throw typeError("GLOCAL_BAD_SHAPE", name, "equal shapes", types);
        return types[1] as Type;
      }
      checkOperands(name, types, accepts);
      return { dtype: gives ?? first.dtype, shape: first.shape };
    },
    jvp: ({ inputs, tangents, output }) => {
      const terms = tangents.flatMap((t, i) => (t && partials[i]?.(t, inputs, output)) || []);
      return terms.length > 0 ? terms.reduce((a, b) => add(a, b)) : null;
    },
    vjp: ({ inputs, cotangent, output, operand }) =>
      partials[operand]?.(cotangent, inputs, output) ?? null,
    reference: (inputs, _, output) => {
      const out = new Float64Array(sizeOf(output.shape));
      const data = inputs.map((x) => x.data);
      for (let i = 0; i < out.length; i++) {
        const args = data.map((d) => d[i] as number);
        out[i] = scalar(...args);
      }
      return out;
    },
  });
  const complete = Object.assign(primitive, { scalar, arity });
  byName.set(name, complete);
  return complete;
}

/** Zero of the same type as `x`. */
const zeroLike = (x: Tensor) => full(x.shape, 0, x.dtype);
const scale = (x: Tensor, value: number) => mul(x, value);

/** y − 1, but 1 where y is 0: x⁰ is flat, also at 0. */
const exponentBelow = (y: Tensor) => where(eq(y, 0), 1, sub(y, 1));

const identity: Partial = (t) => t;
const prims = {
  neg: elementwise({
    name: "neg",
    scalar: (x) => -x,
    accepts: "number",
    partials: [(t) => neg(t)],
  }),
  abs: elementwise({
    name: "abs",
    scalar: Math.abs,
    accepts: "number",
    partials: [(t, [x]) => mul(t, sign(x as Tensor))],
  }),
  sign: elementwise({ name: "sign", scalar: Math.sign, accepts: "number", partials: [null] }),
  exp: elementwise({ name: "exp", scalar: Math.exp, partials: [(t, _, y) => mul(t, y)] }),
  expm1: elementwise({
    name: "expm1",
    scalar: Math.expm1,
    partials: [(t, _, y) => mul(t, add(y, 1))],
  }),
  log: elementwise({
    name: "log",
    scalar: Math.log,
    partials: [(t, [x]) => div(t, x as Tensor)],
  }),
  log1p: elementwise({
    name: "log1p",
    scalar: Math.log1p,
    partials: [(t, [x]) => div(t, add(x as Tensor, 1))],
  }),
  sqrt: elementwise({
    name: "sqrt",
    scalar: Math.sqrt,
    partials: [(t, _, y) => where(eq(y, 0), zeroLike(t), div(scale(t, 0.5), y))],
  }),
  sin: elementwise({
    name: "sin",
    scalar: Math.sin,
    partials: [(t, [x]) => mul(t, cos(x as Tensor))],
  }),
  cos: elementwise({
    name: "cos",
    scalar: Math.cos,
    partials: [(t, [x]) => neg(mul(t, sin(x as Tensor)))],
  }),
  tanh: elementwise({
    name: "tanh",
    scalar: Math.tanh,
    partials: [(t, _, y) => mul(t, sub(1, mul(y, y)))],
  }),
  logistic: elementwise({
    name: "logistic",
    scalar: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
    partials: [(t, _, y) => mul(t, mul(y, sub(1, y)))],
  }),
  floor: elementwise({ name: "floor", scalar: Math.floor, partials: [null] }),
  add: elementwise({
    name: "add",
    scalar: (x, y) => (x as number) + (y as number),
    accepts: "number",
    partials: [identity, identity],
  }),
  sub: elementwise({
    name: "sub",
    scalar: (x, y) => (x as number) - (y as number),
    accepts: "number",
    partials: [identity, (t) => neg(t)],
  }),
  mul: elementwise({
    name: "mul",
    scalar: (x, y) => (x as number) * (y as number),
    accepts: "number",
    partials: [(t, [, y]) => mul(t, y as Tensor), (t, [x]) => mul(t, x as Tensor)],
  }),
  div: elementwise({
    name: "div",
    scalar: (x, y) => (x as number) / (y as number),
    partials: [
      (t, [, y]) => div(t, y as Tensor),
      (t, [, y], q) => neg(mul(t, div(q, y as Tensor))),
    ],
  }),
  pow: elementwise({
    name: "pow",
    scalar: (x, y) => (x as number) ** (y as number),
    partials: [
      (t, [x, y]) => mul(t, mul(y as Tensor, pow(x as Tensor, exponentBelow(y as Tensor)))),
      (t, [x], z) => mul(t, where(gt(x as Tensor, 0), mul(z, log(x as Tensor)), zeroLike(t))),
    ],
  }),
  max: elementwise({
    name: "max",
    scalar: (x, y) => Math.max(x as number, y as number),
    accepts: "number",
    partials: [
      (t, [x, y]) => where(ge(x as Tensor, y as Tensor), t, zeroLike(t)),
      (t, [x, y]) => where(ge(x as Tensor, y as Tensor), zeroLike(t), t),
    ],
  }),
  min: elementwise({
    name: "min",
    scalar: (x, y) => Math.min(x as number, y as number),
    accepts: "number",
    partials: [
      (t, [x, y]) => where(le(x as Tensor, y as Tensor), t, zeroLike(t)),
      (t, [x, y]) => where(le(x as Tensor, y as Tensor), zeroLike(t), t),
    ],
  }),
  select: elementwise({
    name: "select",
    scalar: (c, x, y) => ((c as number) !== 0 ? (x as number) : (y as number)),
    accepts: "any",
    partials: [
      null,
      (t, [c]) => where(c as Tensor, t, zeroLike(t)),
      (t, [c]) => where(c as Tensor, zeroLike(t), t),
    ],
  }),
  not: elementwise({
    name: "not",
    scalar: (x) => Number(x === 0),
    accepts: "bool",
    partials: [null],
  }),
} as const;

function predicate(
  name: ScalarOp,
  accepts: "number" | "bool",
  holds: (x: number, y: number) => boolean,
) {
  return elementwise({
    name,
    accepts,
    gives: "bool",
    scalar: (x, y) => Number(holds(x as number, y as number)),
    partials: [null, null],
  });
}

const tests = {
  lt: predicate("lt", "number", (x, y) => x < y),
  le: predicate("le", "number", (x, y) => x <= y),
  gt: predicate("gt", "number", (x, y) => x > y),
  ge: predicate("ge", "number", (x, y) => x >= y),
  eq: predicate("eq", "number", (x, y) => x === y),
  ne: predicate("ne", "number", (x, y) => x !== y),
  and: predicate("and", "bool", (x, y) => x !== 0 && y !== 0),
  or: predicate("or", "bool", (x, y) => x !== 0 || y !== 0),
};

type Emit = (inputs: readonly Tensor[], attrs: Attrs) => Tensor;
const unary = (emit: Emit) => (x: Tensor) => emit([x], {});
/** A number takes the dtype of the other operand; shapes broadcast as in NumPy. */
const binary = (emit: Emit, name: string) => (x: Operand, y: Operand) =>
  emit(broadcastTogether(name, [x, y]), {});

export const neg = unary(prims.neg);
export const abs = unary(prims.abs);
export const sign = unary(prims.sign);
export const exp = unary(prims.exp);
export const expm1 = unary(prims.expm1);
export const log = unary(prims.log);
export const log1p = unary(prims.log1p);
export const sqrt = unary(prims.sqrt);
export const sin = unary(prims.sin);
export const cos = unary(prims.cos);
export const tanh = unary(prims.tanh);
/** 1 / (1 + exp(−x)) */
export const logistic = unary(prims.logistic);
export const floor = unary(prims.floor);
export const not = unary(prims.not);
export const add = binary(prims.add, "add");
export const sub = binary(prims.sub, "sub");
export const mul = binary(prims.mul, "mul");
export const div = binary(prims.div, "div");
export const pow = binary(prims.pow, "pow");
export const maximum = binary(prims.max, "max");
export const minimum = binary(prims.min, "min");
export const lt = binary(tests.lt, "lt");
export const le = binary(tests.le, "le");
export const gt = binary(tests.gt, "gt");
export const ge = binary(tests.ge, "ge");
export const eq = binary(tests.eq, "eq");
export const ne = binary(tests.ne, "ne");
export const and = binary(tests.and, "and");
export const or = binary(tests.or, "or");

/** `whenTrue` where the bool `condition` holds, else `whenFalse`; all three broadcast. */
export function where(condition: Tensor, whenTrue: Operand, whenFalse: Operand): Tensor {
  const [x, y] = broadcastTogether("select", [whenTrue, whenFalse]) as [Tensor, Tensor];
  const [c, a] = broadcastTogether("select", [condition, x], false) as [Tensor, Tensor];
  const [b] = broadcastTogether("select", [y, a], false) as [Tensor];
  return prims.select([c, a, b], {});
}

/** x² */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** log(1 + exp(x)), without overflow. */
export function softplus(x: Tensor): Tensor {
  return add(maximum(x, 0), log1p(exp(neg(abs(x)))));
}
