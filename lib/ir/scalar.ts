/** The scalar operations that every device knows, with the number of operands of each. */
export const SCALAR_OPS = {
  neg: 1,
  abs: 1,
  sign: 1,
  exp: 1,
  expm1: 1,
  log: 1,
  log1p: 1,
  sqrt: 1,
  sin: 1,
  cos: 1,
  tanh: 1,
  logistic: 1,
  floor: 1,
  /** Rounds towards zero: the conversion from a floating dtype to int32. */
  trunc: 1,
  /** 1 where the operand is zero, else 0. */
  not: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  pow: 2,
  /** NaN if either operand is; the first operand on a tie. */
  max: 2,
  min: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  eq: 2,
  ne: 2,
  and: 2,
  or: 2,
  /** select(condition, whenTrue, whenFalse) */
  select: 3,
} as const;

export type ScalarOp = keyof typeof SCALAR_OPS;
