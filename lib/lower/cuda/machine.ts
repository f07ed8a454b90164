/** What the sizes of launches aim at. Any CUDA machine runs them; an H100 is filled by them. */

export const MULTIPROCESSORS = 132;

/** Threads of a block, where several blocks share the work. */
export const BLOCK = 256;

/** Threads of a block that does a chain of small steps alone. */
export const LONE_BLOCK = 1024;

/** Threads that keep the machine busy: more need not be looked for. */
export const FULL = MULTIPROCESSORS * 1024;

/** Threads that step together and can read each other's registers. */
export const WARP = 32;

/** Pointers that one kernel may have: all of its parameters stay below 4 KiB. */
export const MOST_POINTERS = 500;
