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
/** The most parts: more processors than that go without work. */
const MOST_PARTS = 16;
/** All sums together. */
const SUM_BYTES = 1 << 28;
/** An example that needs more than this gains nothing: its values leave every cache before they are read. */
const MOST_EXAMPLE_BYTES = 1 << 26;
/** A region with less work than this runs faster as it is, kernel by kernel. */
const LEAST_FLOPS = 4e6;

const divisors = (n: number) =>
  Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** @returns undefined when the region should not be cut into blocks */
export function chooseBlocks(cost: RegionCost): BlockSizes | undefined {
  const { examples, exampleBytes, exampleFlops, sumBytes } = cost;
  if (exampleFlops * examples < LEAST_FLOPS || exampleBytes > MOST_EXAMPLE_BYTES) return undefined;
  const fits = (size: number) =>
    size * exampleBytes <= BLOCK_BYTES && size * MOST_PARTS <= examples;
  const size = divisors(examples).filter(fits).at(-1) ?? 1;
  const most = Math.max(1, Math.floor(SUM_BYTES / Math.max(1, sumBytes)));
  return { size, parts: Math.min(MOST_PARTS, most, examples / size) };
}
