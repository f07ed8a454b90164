/** The rule of the paper (eq. 20): what neither decays nor turns is all there is in the end. */

import { imaginaryPart, realPart } from "../complex.js";
import { multiply } from "../linalg/host-matrix.js";
import { clampSpectrum, matching } from "../spectrum.js";
import { type Block, clustersOf, splitOperator } from "./blocks.js";
import type { System, Verdict } from "./policy.js";

/**
 * Every eigenvalue is divided by ρ where ρ > 1; those with |λ − 1| < tolerance are kept, taken as exactly 1.
 * Eigenvalues too close to tell apart are kept or dropped together, by their mean. The sum of the kept
 * modes is the first state's part in their invariant subspace.
 */
export function paper(system: System, tolerance: number): Verdict {
  const { eigenvalues } = clampSpectrum(system.eigenvalues);
  const selected = keep(eigenvalues, tolerance);
  const verdict = { block: "oldest", eigenvalues, selected } as const;
  if (!selected.includes(true)) {
    return { ...verdict, state: null };
  }
  const blocks = splitOperator(system.matrix, (values) => {
    const own = matching(values, system.eigenvalues);
    return own.map((k) => (selected[k] ? 0 : 1));
  });
  const { right, left } = blocks[0] as Block;
  return { ...verdict, state: multiply(right, multiply(left, system.first)) };
}

function keep(eigenvalues: Float64Array, tolerance: number): boolean[] {
  const cluster = clustersOf(eigenvalues);
  return cluster.map((own) => {
    const members = cluster.flatMap((other, k) => (other === own ? [k] : []));
    const mean = (part: (values: Float64Array, k: number) => number) =>
      members.reduce((sum, k) => sum + part(eigenvalues, k), 0) / members.length;
    return Math.hypot(mean(realPart) - 1, mean(imaginaryPart)) < tolerance;
  });
}
