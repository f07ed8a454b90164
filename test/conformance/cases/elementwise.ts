/** Elementwise primitives: unary, binary with broadcasting, comparisons, logic, choice and conversion. */
import fc from "fast-check";
import type { Tensor } from "../../../lib/ir/graph.js";
import * as ops from "../../../lib/ops/index.js";
import { type Case, EXACT, ROUNDED, type Tolerance, type Values } from "../case.js";
import { anyShape, broadcastable, instances } from "../shapes.js";
import { bool, constant, distinct, fractional, nonzero, real, tied, whole } from "../values.js";

type Unary = (x: Tensor) => Tensor;
type Binary = (x: Tensor, y: Tensor) => Tensor;

const CURVED: Tolerance = {
  float32: 1e-5,
  float64: 1e-13,
  why: "own vector versions of the function with some units in the last place, and second derivatives made of them",
};

function unary(
  name: string,
  f: Unary,
  values: Values,
  tolerance: Tolerance,
  covers = [name],
): Case {
  return {
    name,
    covers,
    differentiable: values.variable,
    tolerance,
    instances: instances(anyShape, (shape) => ({
      args: [{ shape, values }],
      apply: ([x]) => f(x as Tensor),
    })),
  };
}

function binary(
  name: string,
  f: Binary,
  [left, right]: readonly [Values, Values],
  tolerance: Tolerance,
  covers = [name],
): Case {
  return {
    name,
    covers,
    differentiable: left.variable || right.variable,
    tolerance,
    instances: instances(broadcastable(2), ([a, b]) => ({
      args: [
        { shape: a ?? [], values: left },
        { shape: b ?? [], values: right },
      ],
      apply: ([x, y]) => f(x as Tensor, y as Tensor),
    })),
  };
}

const twice = (values: Values) => [values, values] as const;
const integers = whole(-50, 50);

const comparisons = { lt: ops.lt, le: ops.le, gt: ops.gt, ge: ops.ge, eq: ops.eq, ne: ops.ne };
const logic = { and: ops.and, or: ops.or };
const onIntegers = { add: ops.add, sub: ops.sub, mul: ops.mul };
const choices = { max: ops.maximum, min: ops.minimum };

export const elementwiseCases: readonly Case[] = [
  unary("neg", ops.neg, real(), ROUNDED),
  unary("abs away from 0", ops.abs, nonzero, ROUNDED, ["abs"]),
  unary("sign away from 0", ops.sign, nonzero, ROUNDED, ["sign"]),
  unary("abs and sign with zeros", (x) => ops.add(ops.abs(x), ops.sign(x)), tied, EXACT, [
    "abs",
    "sign",
  ]),
  unary("floor between whole numbers", ops.floor, fractional, ROUNDED, ["floor"]),
  unary("floor at whole numbers", ops.floor, tied, EXACT, ["floor"]),
  unary("exp", ops.exp, real(), CURVED),
  unary("expm1", ops.expm1, real(), CURVED),
  unary("expm1 near 0", ops.expm1, real(-1e-3, 1e-3), CURVED, ["expm1"]),
  unary("log", ops.log, real(0.4, 3), CURVED),
  unary("log1p", ops.log1p, real(-0.5, 3), CURVED),
  unary("log1p near 0", ops.log1p, real(-1e-3, 1e-3), CURVED, ["log1p"]),
  unary("sqrt", ops.sqrt, real(0.4, 3), ROUNDED),
  unary("sin", ops.sin, real(-7, 7), CURVED),
  unary("cos", ops.cos, real(-7, 7), CURVED),
  unary("tanh", ops.tanh, real(-3, 3), CURVED),
  unary("logistic", ops.logistic, real(-6, 6), CURVED),
  unary("softplus", ops.softplus, nonzero, CURVED, ["max", "log1p", "exp", "abs", "neg"]),
  unary("square", ops.square, real(), ROUNDED, ["mul"]),
  binary("add", ops.add, twice(real()), ROUNDED),
  binary("sub", ops.sub, twice(real()), ROUNDED),
  binary("mul", ops.mul, twice(real()), ROUNDED),
  binary("div", ops.div, [real(), nonzero], ROUNDED),
  binary("pow", ops.pow, [real(0.5, 2), real()], CURVED),
  unary("pow of negative numbers", (x) => ops.pow(x, 3), nonzero, CURVED, ["pow"]),
  unary("a number as operand", (x) => ops.sub(2, ops.div(ops.add(x, 0.5), 4)), real(), ROUNDED, [
    "add",
    "sub",
    "div",
    "full",
  ]),
  ...Object.entries(choices).flatMap(([name, f]) => [
    binary(`${name} of two`, f, [distinct(), distinct(0.5)], ROUNDED, [name]),
    binary(`${name} of two with ties`, f, twice(tied), EXACT, [name]),
    binary(`${name} of two integers`, f, twice(integers), EXACT, [name]),
  ]),
  ...Object.entries(onIntegers).map(([name, f]) =>
    binary(`${name} of integers`, f, twice(integers), EXACT, [name]),
  ),
  unary(
    "neg, abs and sign of integers",
    (x) => ops.add(ops.neg(ops.abs(x)), ops.sign(x)),
    integers,
    EXACT,
    ["neg", "abs", "sign"],
  ),
  ...Object.entries(comparisons).flatMap(([name, f]) => [
    binary(name, f, twice(tied), EXACT),
    binary(`${name} of integers`, f, twice(whole(-2, 2)), EXACT, [name]),
  ]),
  ...Object.entries(logic).map(([name, f]) => binary(name, f, twice(bool), EXACT)),
  unary("not", ops.not, bool, EXACT),
  {
    name: "select",
    covers: ["select"],
    differentiable: true,
    tolerance: ROUNDED,
    instances: instances(broadcastable(3), ([a, b, c]) => ({
      args: [
        { shape: a ?? [], values: bool },
        { shape: b ?? [], values: real() },
        { shape: c ?? [], values: real() },
      ],
      apply: ([condition, x, y]) => ops.where(condition as Tensor, x as Tensor, y as Tensor),
    })),
  },
  unary(
    "select by its own sign",
    (x) => ops.where(ops.ge(x, 0), x, ops.mul(x, 0.01)),
    nonzero,
    ROUNDED,
    ["select", "ge"],
  ),
  ...conversions(),
];

function conversions(): Case[] {
  const narrow: Tolerance = { float32: 2e-7, float64: 2e-7, why: "one rounding to float32" };
  const other = (dtype: string) => (dtype === "float32" ? "float64" : "float32");
  return [
    {
      name: "cast to the other floating dtype and back",
      covers: ["cast"],
      differentiable: true,
      tolerance: narrow,
      instances: instances(anyShape, (shape) => ({
        args: [{ shape, values: real() }],
        apply: ([x], dtype) => ops.cast(ops.cast(x as Tensor, other(dtype)), dtype),
      })),
    },
    unary(
      "cast to int32 rounds towards zero",
      (x) => ops.cast(x, "int32"),
      constant(fractional),
      EXACT,
      ["cast"],
    ),
    unary("cast to bool", (x) => ops.cast(x, "bool"), tied, EXACT, ["cast"]),
    unary("cast of int32", (x) => ops.cast(x, "float64"), integers, EXACT, ["cast"]),
    unary("cast of int32 to bool", (x) => ops.cast(x, "bool"), whole(-1, 1), EXACT, ["cast"]),
    unary("cast of bool", (x) => ops.cast(x, "int32"), bool, EXACT, ["cast"]),
    {
      name: "stopGradient",
      covers: ["stopGradient"],
      // Differences would see the stopped factor, too; test/transform holds the convention.
      differentiable: false,
      tolerance: ROUNDED,
      instances: instances(fc.constant([3]), (shape) => ({
        args: [{ shape, values: constant(real()) }],
        apply: ([x]) => ops.mul(x as Tensor, ops.stopGradient(x as Tensor)),
      })),
    },
  ];
}
