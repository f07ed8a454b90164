/** The policies that know how many steps are left. */

import { complexLength, imaginaryPart, modulus, pickNumbers, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import { below, beside, columnsOf, multiply, norm, rowsOf } from "../linalg/host-matrix.js";
import { schur } from "../linalg/lapack.js";
import { matching, ontoCircle } from "../spectrum.js";
import {
  applyBlocks,
  type Block,
  clustersOf,
  diagonalOf,
  meanOfPowers,
  power,
  splitOperator,
} from "./blocks.js";
import type { System, Verdict } from "./policy.js";
import { nearestStable } from "./stable.js";

/** λᵏ with k the steps left; what would grow is held on the unit circle, since no run grows for ever. */
export function horizon(system: System, steps: number): Verdict {
  return ahead(system, (block) => power(held(block), steps - system.passed));
}

/** The mean over the steps left: what turns averages out, what stays stays. */
export function average(system: System, steps: number): Verdict {
  return ahead(system, (block) => meanOfPowers(held(block), 1 - system.passed, steps));
}

/** How many times as long as what was fitted, and as what `horizon` says, the state of a stable operator may become. */
const MOST_GROWTH = 10;

/**
 * λᵏ of a nearest stable operator: one that moves as a whole, not an eigenvalue at a time. Stable is not bounded: on
 * the unit circle a Jordan block grows with every step, and the nearest one is often such. What has grown so is none
 * of the data's, and `horizon` answers instead.
 */
export function project(system: System, steps: number): Verdict {
  const stable = nearest(system);
  const state = multiply(power(stable, steps - system.passed), system.last);
  const other = horizon(system, steps);
  const known = [system.first, system.last, other.state as HostMatrix].map(norm);
  if (norm(state) > MOST_GROWTH * Math.max(...known)) {
    return other;
  }
  const values = diagonalOf(schur(stable).triangle);
  const order = matching(ontoCircle(system.eigenvalues), values);
  return all(state, pickNumbers(values, order));
}

function ahead(system: System, f: (block: Block) => HostMatrix): Verdict {
  const blocks = splitOperator(system.matrix, growingApart);
  return all(applyBlocks(blocks, system.last, f), ontoCircle(system.eigenvalues));
}

function all(state: HostMatrix, eigenvalues: Float64Array): Verdict {
  const selected = Array(complexLength(eigenvalues)).fill(true);
  return { state, block: "newest", eigenvalues, selected };
}

/** Each cluster with an eigenvalue outside the disc is a block; all others together are one, which needs no cut. */
function growingApart(eigenvalues: Float64Array): number[] {
  const cluster = clustersOf(eigenvalues);
  const growing = new Set(cluster.filter((_, k) => modulus(eigenvalues, k) > 1));
  const numbers = new Map([...growing].map((own, at) => [own, at + 1]));
  return cluster.map((own) => numbers.get(own) ?? 0);
}

/** The block with its diagonal inside the disc. */
function held(block: Block): HostMatrix {
  const { triangle, eigenvalues } = block;
  const data = triangle.data.slice();
  const inside = ontoCircle(eigenvalues);
  for (let k = 0; k < triangle.rows; k++) {
    const at = 2 * (k * triangle.rows + k);
    data[at] = realPart(inside, k);
    data[at + 1] = imaginaryPart(inside, k);
  }
  return { ...triangle, data };
}

/** A constant is not the operator's to move: with one, only the rest is made stable. */
function nearest({ matrix, affine }: System): HostMatrix {
  if (!affine) {
    return nearestStable(matrix);
  }
  const n = matrix.rows - 1;
  const inner = nearestStable(rowsOf(columnsOf(matrix, 0, n), 0, n));
  return beside(
    below(inner, rowsOf(columnsOf(matrix, 0, n), n, n + 1)),
    columnsOf(matrix, n, n + 1),
  );
}
