/** Which steps must come before which: what touches the same memory keeps its order, unless both only read. */
import type { Accesses, Buffer } from "../buffer.js";

/** Buffers that are one slot are one memory. */
export const memoryOf = (buffer: Buffer): Buffer | number => buffer.slot ?? buffer;

export class Dependences {
  private readonly before: Set<number>[];
  private readonly after: Set<number>[];
  /** Nodes that became part of another one. */
  private readonly joined = new Set<number>();

  constructor(steps: readonly Accesses[]) {
    this.before = steps.map(() => new Set());
    this.after = steps.map(() => new Set());
    const writer = new Map<Buffer | number, number>();
    const readers = new Map<Buffer | number, number[]>();
    steps.forEach(({ reads, writes }, at) => {
      for (const memory of new Set(reads.map((r) => memoryOf(r.buffer)))) {
        this.edge(writer.get(memory), at);
        const known = readers.get(memory);
        if (known) known.push(at);
        else readers.set(memory, [at]);
      }
      for (const memory of new Set(writes.map((r) => memoryOf(r.buffer)))) {
        this.edge(writer.get(memory), at);
        for (const reader of readers.get(memory) ?? []) this.edge(reader, at);
        writer.set(memory, at);
        readers.set(memory, []);
      }
    });
  }

  private edge(from: number | undefined, to: number): void {
    if (from === undefined || from === to) return;
    (this.before[to] as Set<number>).add(from);
    (this.after[from] as Set<number>).add(to);
  }

  /** Whether `after` could still be made to wait for `before`. */
  mayPrecede(before: number, after: number): boolean {
    return before !== after && !this.reaches(after, before, true);
  }

  require(before: number, after: number): void {
    this.edge(before, after);
  }

  predecessors(node: number): ReadonlySet<number> {
    return this.before[node] as Set<number>;
  }

  successors(node: number): ReadonlySet<number> {
    return this.after[node] as Set<number>;
  }

  /** A way from one node to the other that passes through further nodes; or, with `direct`, any way. */
  private reaches(from: number, to: number, direct: boolean): boolean {
    const seen = new Set<number>();
    const open = [...(this.after[from] as Set<number>)].filter((n) => direct || n !== to);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node === to) return true;
      if (seen.has(node)) continue;
      seen.add(node);
      open.push(...(this.after[node] as Set<number>));
    }
    return false;
  }

  independent(a: number, b: number): boolean {
    return !this.reaches(a, b, true) && !this.reaches(b, a, true);
  }

  /** Nothing must come between the two. */
  adjacent(a: number, b: number): boolean {
    return !this.reaches(a, b, false) && !this.reaches(b, a, false);
  }

  /** From now on `other` is part of `node`. They must be adjacent. */
  join(node: number, other: number): void {
    this.joined.add(other);
    for (const [mine, theirs] of [
      [this.before, this.after],
      [this.after, this.before],
    ] as const) {
      for (const n of mine[other] as Set<number>) {
        (theirs[n] as Set<number>).delete(other);
        if (n === node) continue;
        (mine[node] as Set<number>).add(n);
        (theirs[n] as Set<number>).add(node);
      }
      (mine[other] as Set<number>).clear();
      (mine[node] as Set<number>).delete(other);
    }
  }

  /** All nodes that are left, each after those before it and otherwise in their old order. */
  order(): number[] {
    const done = new Set<number>();
    const out: number[] = [];
    const visit = (node: number): void => {
      if (done.has(node)) return;
      done.add(node);
      for (const n of [...(this.before[node] as Set<number>)].sort((a, b) => a - b)) visit(n);
      out.push(node);
    };
    this.before.forEach((_, node) => {
      if (!this.joined.has(node)) visit(node);
    });
    return out;
  }
}
