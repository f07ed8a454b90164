/** `definePrimitive` and the rules that many primitives share. */
import { type ErrorCode, GlocalError } from "../errors.js";
import {
  type Attrs,
  currentBuilder,
  type JvpRule,
  type Primitive,
  type Tensor,
  type VjpRule,
} from "../ir/graph.js";
import { atUserLine } from "../ir/origin.js";
import { formatType, type Type } from "../ir/types.js";

/** A primitive, and the function that emits it into the current trace. */
export type PrimitiveFunction<A extends Attrs> = Primitive<A> &
  ((inputs: readonly Tensor[], attrs: A) => Tensor);

/** One definition per primitive: shape rule, both derivative rules and the float64 reference. */
export function definePrimitive<A extends Attrs>(rules: Primitive<A>): PrimitiveFunction<A> {
  const emit = (inputs: readonly Tensor[], attrs: A): Tensor =>
    (inputs[0]?.builder ?? currentBuilder()).emit(primitive, inputs, attrs);
  const { name, ...rest } = rules;
  // A function's own `name` is read-only to assignment.
  Object.defineProperty(emit, "name", { value: name });
  const primitive = Object.assign(emit, rest) as unknown as PrimitiveFunction<A>;
  return primitive;
}

/** A shape or dtype error that names the primitive, what it got and the user's line. */
export function typeError(
  code: Extract<
    ErrorCode,
    "GLOCAL_BAD_SHAPE" | "GLOCAL_BAD_DTYPE" | "GLOCAL_BAD_OPTION" | "GLOCAL_LANES"
  >,
  primitive: string,
  expected: string,
  inputs: readonly Type[],
  detail = "",
): GlocalError {
  const got = [inputs.map(formatType).join(" and "), detail].filter((part) => part !== "");
  return new GlocalError(code, {
    expected: `${expected} for ${primitive}`,
    received: got.join(" "),
    hint: atUserLine().trim(),
  });
}

/** Whether a later element of a maximum takes the place of the greatest so far: a tie goes to the first, and a NaN is not lost. */
export function displaces(x: number, greatest: number): boolean {
  return x > greatest || (Number.isNaN(x) && !Number.isNaN(greatest));
}

/** Nothing flows through: integers, comparisons, random numbers. */
export const noDerivative = {
  jvp: () => null,
  vjp: () => null,
};

/** Derivative rules of a primitive that is linear in its first operand: `apply` repeats it on a tangent, `transpose` pulls a cotangent back. */
export function linear<A extends Attrs>(rules: {
  apply: (tangent: Tensor, rule: JvpRule<A>) => Tensor;
  transpose: (cotangent: Tensor, rule: VjpRule<A>) => Tensor;
}): Pick<Primitive<A>, "jvp" | "vjp"> {
  return {
    jvp: (rule) => (rule.tangents[0] ? rules.apply(rule.tangents[0], rule) : null),
    vjp: (rule) => (rule.operand === 0 ? rules.transpose(rule.cotangent, rule) : null),
  };
}

/** Derivative rules of a primitive that is linear in each of two operands. */
export function bilinear<A extends Attrs>(rules: {
  apply: (x: Tensor, y: Tensor, attrs: A) => Tensor;
  /** Cotangents of the first and of the second operand. */
  transpose: readonly [
    (cotangent: Tensor, rule: VjpRule<A>) => Tensor,
    (cotangent: Tensor, rule: VjpRule<A>) => Tensor,
  ];
  add: (x: Tensor, y: Tensor) => Tensor;
}): Pick<Primitive<A>, "jvp" | "vjp"> {
  return {
    jvp: ({ inputs, tangents, attrs }) => {
      const [x, y] = inputs as [Tensor, Tensor];
      const [dx, dy] = tangents;
      const first = dx ? rules.apply(dx, y, attrs) : null;
      const second = dy ? rules.apply(x, dy, attrs) : null;
      return first && second ? rules.add(first, second) : (first ?? second);
    },
    vjp: (rule) => rules.transpose[rule.operand as 0 | 1](rule.cotangent, rule),
  };
}
