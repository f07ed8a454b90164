/** Bagged optimized DMD, BOP-DMD (Sashidhar and Kutz 2022): a fit with its spread. */

import { bad } from "../checks.js";
import { imaginaryPart, modulus, pickNumbers, realPart, realParts } from "../complex.js";
import type { HostMatrix } from "../linalg/algebra.js";
import {
  columnsOf,
  complexMatrix,
  norm,
  pickColumns,
  scaleColumns,
} from "../linalg/host-matrix.js";
import type { Problem } from "../problem.js";
import { chooseSome, randomNumbers } from "../random.js";
import { matching, spectralOrder } from "../spectrum.js";
import type { Spectrum, VariantFit } from "./fit.js";
import { fitOf, logarithms, optimized, searchExponents, spectrumOf } from "./optimized.js";
import { meanMatrix } from "./trials.js";

/** The eigenvalues of each trial are those of some of the columns, searched for from those of all of them. */
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
  const searches = Array.from({ length: trials }, () =>
    searchExponents(problem, chooseSome(columns, size, random), start),
  );
  // Modes by all columns: to those that a trial has not seen, its own may not reach.
  const members = searches.map(({ exponents }) =>
    inOrder(spectrumOf(problem, exponents), (values) => matching(spectrum.eigenvalues, values)),
  );
  const mean = meanOf(members);
  const whole = problem.complex ? mean : paired(mean, spectrum.eigenvalues);
  const order = spectralOrder(whole.eigenvalues);
  const unconverged = searches.filter(({ converged }) => !converged).length;
  const iterations = Math.max(...searches.map((search) => search.iterations));
  return fitOf(
    reference,
    inOrder(whole, () => order),
    { iterations, converged: unconverged === 0, unconverged },
    members.map((member) => inOrder(member, () => order)),
  );
}

function inOrder(
  { eigenvalues, modes, amplitudes }: Spectrum,
  orderOf: (eigenvalues: Float64Array) => readonly number[],
): Spectrum {
  const order = orderOf(eigenvalues);
  return {
    eigenvalues: pickNumbers(eigenvalues, order),
    modes: pickColumns(modes, order),
    amplitudes: pickNumbers(amplitudes, order),
  };
}

/** Modes times amplitudes, whose phase is not arbitrary. */
function scaled({ modes, amplitudes }: Spectrum): HostMatrix {
  return scaleColumns(modes, realParts(amplitudes));
}

function ofUnitModes(eigenvalues: Float64Array, vectors: HostMatrix): Spectrum {
  const sizes = Array.from({ length: vectors.columns }, (_, k) =>
    norm(columnsOf(vectors, k, k + 1)),
  );
  const modes = scaleColumns(
    vectors,
    sizes.map((size) => (size === 0 ? 0 : 1 / size)),
  );
  return { eigenvalues, modes, amplitudes: Float64Array.from(sizes.flatMap((size) => [size, 0])) };
}

/** Of eigenvalues, and of modes times amplitudes. */
function meanOf(members: readonly Spectrum[]): Spectrum {
  const count = (members[0] as Spectrum).modes.columns;
  const eigenvalues = meanMatrix(
    members.map((member) => complexMatrix(member.eigenvalues, 1, count)),
  );
  return ofUnitModes(eigenvalues.data, meanMatrix(members.map(scaled)));
}

/** How far, relative to its size, rounding may take an eigenvalue from its partner's conjugate. */
const PAIRED = 1e-3;

/**
 * The mean of a spectrum of real data and its conjugate, in the pairs that the reference has: where a trial has two
 * real eigenvalues in the place of a pair, the mean of the trials is no pair any more.
 */
function paired(mean: Spectrum, reference: Float64Array): Spectrum {
  const conjugate = (data: Float64Array) => data.map((part, at) => (at % 2 ? -part : part));
  const mirrored = conjugate(reference);
  const partner = matching(reference, mirrored);
  const isPair = (k: number, other: number) =>
    partner[other] === k &&
    Math.hypot(
      realPart(reference, k) - realPart(mirrored, other),
      imaginaryPart(reference, k) - imaginaryPart(mirrored, other),
    ) <=
      PAIRED * modulus(reference, k);
  if (!partner.every((other, k) => isPair(k, other))) {
    return mean;
  }
  const half = (own: Float64Array, other: Float64Array) =>
    own.map((part, at) => (part + (other[at] as number)) / 2);
  const vectors = scaled(mean);
  return ofUnitModes(half(mean.eigenvalues, conjugate(pickNumbers(mean.eigenvalues, partner))), {
    ...vectors,
    data: half(vectors.data, conjugate(pickColumns(vectors, partner).data)),
  });
}
