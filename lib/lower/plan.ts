/** Gives every buffer its place in one arena: buffers whose lives do not overlap may share memory. */
import { accesses, type Buffer, type BufferStep } from "./buffer.js";
import { ALIGNMENT } from "./program.js";

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

function lives(steps: readonly BufferStep[]): Life[] {
  const all = new Map<Buffer, Life>();
  steps.forEach((step, at) => {
    const { reads, writes } = accesses(step);
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

/**
 * Best fit, the largest buffers first.
 *
 * @param share false gives every buffer memory of its own, for comparison in tests
 */
export function planMemory(steps: readonly BufferStep[], share = true): Plan {
  const placed: (Life & { offset: number })[] = [];
  const offsets = new Map<Buffer, number>();
  let bytes = 0;
  for (const life of lives(steps).sort((a, b) => b.size - a.size || a.first - b.first)) {
    const rivals = placed
      .filter((p) => !share || (p.first <= life.last && life.first <= p.last))
      .sort((a, b) => a.offset - b.offset);
    const offset = bestGap(rivals, life.size);
    placed.push({ ...life, offset });
    offsets.set(life.buffer, offset);
    bytes = Math.max(bytes, offset + life.size);
  }
  return { bytes, offsetOf: (buffer) => offsets.get(buffer) as number };
}

/** The smallest gap between rivals that holds `size`, else the end. */
function bestGap(rivals: readonly { offset: number; size: number }[], size: number): number {
  let best: { offset: number; room: number } | undefined;
  let end = 0;
  for (const { offset, size: taken } of rivals) {
    const room = offset - end;
    if (room >= size && (!best || room < best.room)) best = { offset: end, room };
    end = Math.max(end, offset + taken);
  }
  return best?.offset ?? end;
}
