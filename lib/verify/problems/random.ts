/** Numbers drawn once and for all: made-up problems are the same on every machine. */

/** Normal, from a seed: Box and Muller over a multiplicative congruential generator. */
export function normal(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  // The first numbers of small seeds are small.
  for (let k = 0; k < 8; k++) uniform();
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export const normals = (count: number, seed: number): Float64Array => {
  const next = normal(seed);
  return Float64Array.from({ length: count }, next);
};
