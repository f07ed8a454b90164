/**
 * An operator cut into parts that do not mix, without eigenvectors: those of nearly equal eigenvalues
 * are nearly parallel, and the sum of modes then cancels to nothing but round-off. Ordered Schur form and
 * Sylvester equations (Bavely and Stewart 1979) keep such eigenvalues together in one block.
 */

import { complexLength, imaginaryPart, modulus, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import {
  adjoint,
  asComplex,
  columnsOf,
  identity,
  multiply,
  plus,
  rowsOf,
} from "../linalg/host-matrix.js";
import { reorderSchur, schur, sylvester } from "../linalg/lapack.js";

/** A part of A = Σ right · triangle · left, with left · right = I. */
export interface Block {
  /** Its eigenvalues; complex. */
  readonly eigenvalues: Float64Array;
  /** Upper triangular, complex. */
  readonly triangle: HostMatrix;
  readonly right: HostMatrix;
  readonly left: HostMatrix;
}

/**
 * Eigenvalues this close, relative to the largest, are one cluster. A defective pair is found
 * √ε = 1e-8 apart, a defective triple 1e-5. At 1e-4 a cut costs at most four digits.
 */
const CLOSE = 1e-4;

/** @param groups For each eigenvalue the number of its block, from 0. */
export function splitOperator(
  matrix: HostMatrix,
  groups: (eigenvalues: Float64Array) => readonly number[],
): Block[] {
  const found = schur(matrix);
  const group = groups(diagonalOf(found.triangle));
  const order = group.map((_, k) => k).sort((a, b) => (group[a] as number) - (group[b] as number));
  let { triangle, vectors: right } = reorderSchur(found, order);
  let left = adjoint(right);
  const sizes = Array.from(
    { length: Math.max(-1, ...group) + 1 },
    (_, g) => group.filter((other) => other === g).length,
  ).filter((size) => size > 0);
  const blocks: Block[] = [];
  for (const size of sizes) {
    const rest = triangle.rows;
    const own = rowsOf(columnsOf(triangle, 0, size), 0, size);
    const others = rowsOf(columnsOf(triangle, size, rest), size, rest);
    const mixed = rowsOf(columnsOf(triangle, size, rest), 0, size);
    // [I R; 0 I] makes the triangle block-diagonal where own · R − R · others = −mixed.
    const link = sylvester(own, others, { ...mixed, data: mixed.data.map((part) => -part) });
    const [ownLeft, otherLeft] = [rowsOf(left, 0, size), rowsOf(left, size, rest)];
    const [ownRight, otherRight] = [columnsOf(right, 0, size), columnsOf(right, size, rest)];
    blocks.push({
      eigenvalues: diagonalOf(own),
      triangle: own,
      right: ownRight,
      left: plus(ownLeft, multiply(link, otherLeft), -1),
    });
    right = plus(otherRight, multiply(ownRight, link));
    left = otherLeft;
    triangle = others;
  }
  return blocks;
}

/** Σ right · f(triangle) · left · state, complex. */
export function applyBlocks(
  blocks: readonly Block[],
  state: HostMatrix,
  f: (block: Block) => HostMatrix,
): HostMatrix {
  return blocks.reduce<HostMatrix>(
    (sum, block) => {
      const part = multiply(block.left, asComplex(state));
      return plus(sum, multiply(block.right, multiply(f(block), part)));
    },
    { ...asComplex(state), data: new Float64Array(2 * state.rows * state.columns) },
  );
}

/** The cluster of each eigenvalue: those that are linked by steps no longer than `CLOSE`. */
export function clustersOf(eigenvalues: Float64Array): number[] {
  const count = complexLength(eigenvalues);
  const cluster = Array.from({ length: count }, (_, k) => k);
  const limit = CLOSE * Math.max(...Array.from(cluster, (k) => modulus(eigenvalues, k)), 0);
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const apart = Math.hypot(
        realPart(eigenvalues, a) - realPart(eigenvalues, b),
        imaginaryPart(eigenvalues, a) - imaginaryPart(eigenvalues, b),
      );
      if (apart <= limit && cluster[a] !== cluster[b]) {
        const [from, to] = [cluster[a] as number, cluster[b] as number];
        cluster.forEach((c, k) => {
          cluster[k] = c === from ? to : c;
        });
      }
    }
  }
  return cluster;
}

export function diagonalOf({ data, rows }: HostMatrix): Float64Array {
  const values = new Float64Array(2 * rows);
  for (let k = 0; k < rows; k++) {
    values.set(data.subarray(2 * (k * rows + k), 2 * (k * rows + k) + 2), 2 * k);
  }
  return values;
}

/** Mᵏ by repeated squaring. */
export function power(matrix: HostMatrix, k: number): HostMatrix {
  return powerAndSum(matrix, k).power;
}

/**
 * The mean of `count` powers from M^`first` on, right for eigenvalues at 1 and near it too: nothing is
 * subtracted.
 */
export function meanOfPowers(matrix: HostMatrix, first: number, count: number): HostMatrix {
  const sum = multiply(power(matrix, first), powerAndSum(matrix, count).sum);
  return { ...sum, data: sum.data.map((part) => part / count) };
}

/** Mᵏ, and I + M + … + Mᵏ⁻¹: by doubling k from its leading bit on. */
function powerAndSum(matrix: HostMatrix, k: number): { power: HostMatrix; sum: HostMatrix } {
  let power = identity(matrix.rows);
  let sum: HostMatrix = { ...power, data: new Float64Array(power.data.length) };
  for (const bit of k === 0 ? "" : k.toString(2)) {
    sum = plus(sum, multiply(power, sum));
    power = multiply(power, power);
    if (bit === "1") {
      sum = plus(sum, power);
      power = multiply(power, matrix);
    }
  }
  return { power, sum };
}
