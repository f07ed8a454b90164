/** Indices along the dimensions of a kernel, and where in memory its operands have the element. */
import { rowMajor } from "../../../ir/types.js";

/** The largest distance from an operand's start, in elements. */
export const reach = (strides: readonly number[], dims: readonly number[]) =>
  strides.reduce((sum, s, i) => sum + Math.abs(s) * ((dims[i] as number) - 1), 0);

/** Room for what a loop adds to an index before it sees that it is too large. */
const SLACK = 2 ** 24;

/** The integers that hold these: 32 bits wherever they are enough. */
export function indexType(...largest: readonly number[]): "int" | "long long" {
  return Math.max(...largest) < 2 ** 31 - SLACK ? "int" : "long long";
}

/** Statements that split the flat index `from` into one for each of the dimensions that are needed. */
export function splitIndex(options: {
  readonly type: string;
  readonly from: string;
  readonly dims: readonly number[];
  /** The number of the first dimension, by which its index is named. */
  readonly first?: number;
  readonly needed: ReadonlySet<number>;
}): string[] {
  const { type, from, dims, first = 0, needed } = options;
  const inner = rowMajor(dims);
  return dims.flatMap((size, i) => {
    if (!needed.has(first + i)) return [];
    const shifted = inner[i] === 1 ? from : `${from} / ${inner[i]}`;
    const wrapped = i === 0 ? shifted : `${shifted} % ${size}`;
    return [`const ${type} ${indexName(first + i)} = ${wrapped};`];
  });
}

export const indexName = (dim: number) => `i${dim}`;

/** An operand that runs through memory in step with the flat index of its dimensions. */
export function isContiguous(strides: readonly number[], dims: readonly number[]): boolean {
  const own = rowMajor(dims);
  return strides.every((s, i) => s === own[i]);
}

/** Distance of an element from the operand's start. */
export function offsetText(strides: readonly number[]): string {
  const terms = strides.flatMap((s, i) =>
    s === 0 ? [] : [s === 1 ? indexName(i) : `${indexName(i)} * ${s}`],
  );
  return terms.length > 0 ? terms.join(" + ") : "0";
}
