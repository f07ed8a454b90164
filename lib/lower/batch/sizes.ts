/** Into how many blocks and parts a batch is cut: by sizes alone, so that results are the same bits on any machine. */

/** What one example needs in a region, and all of them together. */
export interface RegionCost {
  readonly examples: number;
  /** Scratch memory for one example. */
  readonly exampleBytes: number;
  /** Floating-point operations for one example. */
  readonly exampleFlops: number;
  /** Running sums of one part. */
  readonly sumBytes: number;
}

export interface BlockSizes {
  /** Examples of a block; divides their number. */
  readonly size: number;
  /** Runs of blocks that may be run side by side, each with sums of its own. */
  readonly parts: number;
}

/** Scratch memory of a block: the best of 0.5 to 3 MB with a second-level cache of 2 MB (docs/performance.md). */
const BLOCK_BYTES = 1.25 * 2 ** 20;
/** Weights and sums are read for each block: blocks this small may need more memory than that, up to that of the largest example. */
const SMALL_BLOCK = 4;
/** The most parts: more processors than that go without work. */
const MOST_PARTS = 16;
/** All sums together. */
const SUM_BYTES = 1 << 28;
/** An example that needs more than this gains nothing: its values leave every cache before they are read. */
const MOST_EXAMPLE_BYTES = 2 ** 26;
/** Unless all together need more than this: then blocks of one example save memory. */
const MOST_WHOLE_BYTES = 2 ** 32;
/** A region with less work than this runs faster as it is, kernel by kernel. */
const LEAST_FLOPS = 4e6;

const divisors = (n: number) =>
  Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** Why a region should not be cut into blocks. */
export type Refusal = "little work" | "large examples";

export function chooseBlocks(cost: RegionCost): BlockSizes | Refusal {
  const { examples, exampleBytes, exampleFlops, sumBytes } = cost;
  if (exampleFlops * examples < LEAST_FLOPS) return "little work";
  if (exampleBytes > MOST_EXAMPLE_BYTES && exampleBytes * examples <= MOST_WHOLE_BYTES)
    return "large examples";
  const most = Math.max(BLOCK_BYTES, Math.min(SMALL_BLOCK * exampleBytes, MOST_EXAMPLE_BYTES));
  const fits = (size: number) => size * exampleBytes <= most && size * MOST_PARTS <= examples;
  const size = divisors(examples).filter(fits).at(-1) ?? 1;
  return { size, parts: Math.min(partsFor(sumBytes), examples / size) };
}

/** A power of two, so that 2, 4, 8 or 16 threads share the parts evenly. */
function partsFor(sumBytes: number): number {
  let parts = MOST_PARTS;
  while (parts > 1 && parts * sumBytes > SUM_BYTES) parts /= 2;
  return parts;
}
