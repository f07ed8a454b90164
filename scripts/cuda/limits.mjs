/** Sixteen words: of what is needed between slices, not within. More would mean that a tile is too large. */
export const MOST_SPILLED_BYTES = 64;
