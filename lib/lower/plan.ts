/** Gives every buffer its place in one arena: buffers whose lives do not overlap may share memory. */
import { type Accesses, accesses, type Buffer, type BufferRef, type BufferStep } from "./buffer.js";
import { ALIGNMENT, type Ref } from "./program.js";

interface Life {
  readonly buffer: Buffer;
  readonly size: number;
  first: number;
  last: number;
}

export interface Plan {
  readonly bytes: number;
  offsetOf(buffer: Buffer): number;
}

function lives(moments: readonly Accesses[]): Life[] {
  const all = new Map<Buffer, Life>();
  moments.forEach(({ reads, writes }, at) => {
    for (const { buffer } of [...reads, ...writes]) {
      if (buffer.slot !== undefined) continue;
      const life = all.get(buffer);
      if (life) life.last = at;
      else {
        const size = Math.max(1, Math.ceil(buffer.bytes / ALIGNMENT)) * ALIGNMENT;
        all.set(buffer, { buffer, size, first: at, last: at });
      }
    }
  });
  return [...all.values()];
}

interface Placed extends Life {
  readonly offset: number;
}

/** @param share false gives every buffer memory of its own, for comparison in tests */
export function planMemory(steps: readonly BufferStep[], share = true): Plan {
  return planMoments(steps.map(accesses), share);
}

/**
 * Best fit, the largest buffers first.
 *
 * @param moments what is touched at once, in order
 */
export function planMoments(moments: readonly Accesses[], share: boolean): Plan {
  /** By offset, so that one walk finds the gaps between those alive together. */
  const placed: Placed[] = [];
  const offsets = new Map<Buffer, number>();
  let bytes = 0;
  for (const life of lives(moments).sort((a, b) => b.size - a.size || a.first - b.first)) {
    const offset = bestGap(placed, life, share);
    placed.splice(firstBeyond(placed, offset), 0, { ...life, offset });
    offsets.set(life.buffer, offset);
    bytes = Math.max(bytes, offset + life.size);
  }
  return { bytes, offsetOf: (buffer) => offsets.get(buffer) as number };
}

/** Where a planned buffer lies. */
export function placeIn(plan: Plan): (ref: BufferRef) => Ref {
  return ({ buffer, offset }) =>
    buffer.slot === undefined
      ? { space: "arena", offset: plan.offsetOf(buffer) + offset }
      : { space: "slot", slot: buffer.slot, offset };
}

/** The smallest gap between those alive at the same time that holds `life`, else the end. */
function bestGap(placed: readonly Placed[], life: Life, share: boolean): number {
  let best = -1;
  let bestRoom = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const rival of placed) {
    if (share && (rival.first > life.last || life.first > rival.last)) continue;
    const room = rival.offset - end;
    if (room >= life.size && room < bestRoom) {
      best = end;
      bestRoom = room;
    }
    end = Math.max(end, rival.offset + rival.size);
  }
  return best < 0 ? end : best;
}

function firstBeyond(placed: readonly Placed[], offset: number): number {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((placed[middle] as Placed).offset <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
