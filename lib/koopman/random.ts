/** Random numbers of a seed, for choosing columns: SplitMix with 32 bits. */

export function randomNumbers(seed: number): () => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** `count` of the numbers below `total`, ascending, each set as likely as any other. */
export function chooseSome(total: number, count: number, random: () => number): number[] {
  const chosen: number[] = [];
  for (let k = 0; k < total; k++) {
    if (random() * (total - k) < count - chosen.length) {
      chosen.push(k);
    }
  }
  return chosen;
}
