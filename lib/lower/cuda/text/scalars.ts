/** Fused expressions as C++: one statement for each instruction, in a function where `T` is the compute type. */
import type { ScalarOp } from "../../../ir/scalar.js";
import type { DType } from "../../../ir/types.js";
import type { Expression, Instruction } from "../../program.js";

export const C_TYPES: Readonly<Record<DType, string>> = {
  float32: "float",
  float64: "double",
  int32: "int",
  bool: "unsigned char",
};

/** A number as a C++ expression of type `T`. */
export function literal(value: number): string {
  if (Number.isNaN(value)) return "NotANumber<T>()";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity<T>()" : "(-Infinity<T>())";
  const digits = Object.is(value, -0) ? "-0" : String(value);
  const text = /[.e]/.test(digits) ? digits : `${digits}.0`;
  return `T(${text})`;
}

const call = (name: string) => (args: readonly string[]) => `${name}(${args.join(", ")})`;
const infix = (sign: string) => (args: readonly string[]) => args.join(` ${sign} `);
const truth = (sign: string) => (args: readonly string[]) => `T(${args.join(` ${sign} `)})`;
const logic = (sign: string) => (args: readonly string[]) =>
  `T(${args.map((a) => `${a} != T(0)`).join(` ${sign} `)})`;

const OPERATIONS: Readonly<Record<ScalarOp, (args: readonly string[]) => string>> = {
  neg: ([x]) => `-${x}`,
  abs: call("Abs"),
  sign: call("Sign"),
  exp: call("Exp"),
  expm1: call("Expm1"),
  log: call("Log"),
  log1p: call("Log1p"),
  sqrt: call("Sqrt"),
  sin: call("Sin"),
  cos: call("Cos"),
  tanh: call("Tanh"),
  logistic: call("Logistic"),
  floor: call("Floor"),
  trunc: call("Trunc"),
  not: ([x]) => `T(${x} == T(0))`,
  add: infix("+"),
  sub: infix("-"),
  mul: call("Mul"),
  div: infix("/"),
  pow: call("Pow"),
  max: call("Max"),
  min: call("Min"),
  lt: truth("<"),
  le: truth("<="),
  gt: truth(">"),
  ge: truth(">="),
  eq: truth("=="),
  ne: truth("!="),
  and: logic("&&"),
  or: logic("||"),
  select: ([condition, yes, no]) => `${condition} != T(0) ? ${yes} : ${no}`,
};

/**
 * @param load the register of each load
 * @param index the index along each dimension
 */
export function instructionsText(
  { loads, code }: Expression<unknown>,
  load: (at: number) => string,
  index: (dim: number) => string,
): string[] {
  const register = registerText(loads.length, load);
  const value = (i: Instruction): string => {
    if (i.op === "constant") return literal(i.value);
    if (i.op === "iota") return `T(${index(i.dim)})`;
    return OPERATIONS[i.op](i.args.map(register));
  };
  return code.map((i, at) => `const T r${at} = ${value(i)};`);
}

/** Registers by number: the loads, then the results of `instructionsText`. */
export function registerText(loads: number, load: (at: number) => string) {
  return (register: number): string => (register < loads ? load(register) : `r${register - loads}`);
}

/** A value of type `T` as it is stored. */
export function storedText(value: string, dtype: DType): string {
  return dtype === "bool" ? `${value} != T(0)` : `static_cast<${C_TYPES[dtype]}>(${value})`;
}
