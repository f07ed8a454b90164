/** Bagged optimized DMD, BOP-DMD (Sashidhar and Kutz 2022): a fit with its spread. */

import { imaginaryPart, realPart } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import { column, zeros } from "../linalg/host-matrix.js";
import { bad } from "../options.js";
import type { Problem } from "../problem.js";
import { chooseSome, randomNumbers } from "../random.js";
import type { Spectrum, VariantFit } from "./fit.js";
import { fitOf, fitSpectrum, logarithms, optimized } from "./optimized.js";

/** Each trial sees some of the columns, and starts from the fit to all of them, whose order its modes take. */
export function bagged(problem: Problem): VariantFit {
  const { trials = 100, trialSize = 0.6, seed = 0 } = problem.options;
  const reference = optimized(problem);
  const { spectrum, iteration } = reference;
  if (!spectrum || !iteration || reference.rank === 0) {
    return reference;
  }
  const columns = problem.last.columns;
  const size = Math.round(trialSize * columns);
  if (size <= reference.rank) {
    throw bad(
      `trialSize · ${columns} columns to be more than the rank, ${reference.rank}`,
      `${size}`,
      "Raise trialSize or lower rank.",
    );
  }
  const random = randomNumbers(seed);
  const start = logarithms(spectrum.eigenvalues);
  const members = Array.from({ length: trials }, () => {
    const times = chooseSome(columns, size, random);
    return inOrderOf(spectrum, fitSpectrum(problem, times, start).spectrum);
  });
  return fitOf(reference, meanOf(members), iteration, members);
}

/** Eigenvalues matched one to one, the nearest first. */
function inOrderOf(reference: Spectrum, { eigenvalues, modes, amplitudes }: Spectrum): Spectrum {
  const count = eigenvalues.length / 2;
  const pairs = Array.from({ length: count * count }, (_, at) => {
    const [i, j] = [at % count, Math.floor(at / count)];
    const distance = Math.hypot(
      realPart(reference.eigenvalues, i) - realPart(eigenvalues, j),
      imaginaryPart(reference.eigenvalues, i) - imaginaryPart(eigenvalues, j),
    );
    return { i, j, distance };
  }).sort((a, b) => a.distance - b.distance);
  const [from, taken] = [new Map<number, number>(), new Set<number>()];
  for (const { i, j } of pairs) {
    if (!from.has(i) && !taken.has(j)) {
      from.set(i, j);
      taken.add(j);
    }
  }
  const order = Array.from({ length: count }, (_, i) => from.get(i) as number);
  const pick = (values: Float64Array) =>
    Float64Array.from(order.flatMap((k) => [...values.subarray(2 * k, 2 * k + 2)]));
  const picked = zeros(modes.rows, count, true);
  order.forEach((k, to) => {
    column(picked, to).set(column(modes, k));
  });
  return { eigenvalues: pick(eigenvalues), modes: picked, amplitudes: pick(amplitudes) };
}

/** Of eigenvalues, and of modes times amplitudes, whose phase is not arbitrary. */
function meanOf(members: readonly Spectrum[]): Spectrum {
  const first = members[0] as Spectrum;
  const mean = (arrays: readonly Float64Array[]) =>
    (arrays[0] as Float64Array).map(
      (_, at) => arrays.reduce((sum, array) => sum + (array[at] as number), 0) / arrays.length,
    );
  const parts = members.map(({ modes, amplitudes }) => {
    const scaled = zeros(modes.rows, modes.columns, true);
    for (let k = 0; k < modes.columns; k++) {
      const size = realPart(amplitudes, k);
      column(scaled, k).set(column(modes, k).map((part) => part * size));
    }
    return scaled.data;
  });
  const modes: HostMatrix = { ...first.modes, data: mean(parts) };
  const sizes = Array.from({ length: modes.columns }, (_, k) => Math.hypot(...column(modes, k)));
  const unit = { ...modes, data: modes.data.slice() };
  sizes.forEach((size, k) => {
    column(unit, k).set(column(modes, k).map((part) => (size === 0 ? 0 : part / size)));
  });
  return {
    eigenvalues: mean(members.map(({ eigenvalues }) => eigenvalues)),
    modes: unit,
    amplitudes: Float64Array.from(sizes.flatMap((size) => [size, 0])),
  };
}
