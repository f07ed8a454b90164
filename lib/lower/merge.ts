/**
 * Merges elementwise kernels over the same iteration space: a later kernel
 * moves up into an earlier one when everything it reads is there by then, and
 * reads what the earlier one just computed from a register.
 */
import { exactKey } from "../ir/key.js";
import { accesses, type Buffer, type BufferRef, type BufferStep } from "./buffer.js";
import type { Instruction, MapStep, View } from "./program.js";

type Kernel = MapStep<BufferRef>;

function sameView(a: View<BufferRef>, b: View<BufferRef>): boolean {
  return (
    a.ref.buffer === b.ref.buffer &&
    a.ref.offset === b.ref.offset &&
    a.dtype === b.dtype &&
    a.strides.every((s, i) => s === b.strides[i])
  );
}

/** What a kernel stores is what it would load again: its own compute type, and 0 or 1; but a register may hold −0, which no int32 is. */
const survivesMemory = (view: View<BufferRef>, kernel: Kernel) =>
  view.dtype === kernel.compute || view.dtype === "bool";

/** What `b` finds of its operands in `a`: shared loads, values just computed, or a conflict. */
function relation(a: Kernel, b: Kernel): "conflict" | "related" | "unrelated" {
  let related = false;
  for (const load of b.loads) {
    if (a.loads.some((v) => sameView(v, load))) related = true;
    const writes = a.stores.filter((s) => s.view.ref.buffer === load.ref.buffer);
    if (writes.length === 0) continue;
    const store = writes.find((s) => sameView(s.view, load));
    if (!store || !survivesMemory(load, a)) return "conflict";
    related = true;
  }
  const overlap = b.stores.some((s) =>
    a.stores.some((t) => t.view.ref.buffer === s.view.ref.buffer),
  );
  return overlap ? "conflict" : related ? "related" : "unrelated";
}

/** One kernel that does what `a` and then `b` did. */
function combine(a: Kernel, b: Kernel): Kernel {
  const loads = [...a.loads];
  const loadOf = b.loads.map((load) => {
    const stored = a.stores.find((s) => sameView(s.view, load));
    if (stored) return { from: "a" as const, register: stored.register };
    const at = loads.findIndex((v) => sameView(v, load));
    if (at >= 0) return { from: "load" as const, register: at };
    loads.push(load);
    return { from: "load" as const, register: loads.length - 1 };
  });
  const added = loads.length - a.loads.length;
  const ofA = (r: number) => (r < a.loads.length ? r : r + added);
  const renumber = (i: Instruction, f: (r: number) => number): Instruction =>
    "args" in i ? { ...i, args: i.args.map(f) } : i;

  const code = a.code.map((i) => renumber(i, ofA));
  const known = new Map(code.map((i, at) => [exactKey(i), loads.length + at]));
  const registers: number[] = [];
  const ofB = (r: number): number => {
    const load = loadOf[r];
    if (!load) return registers[r - b.loads.length] as number;
    return load.from === "a" ? ofA(load.register) : load.register;
  };
  for (const instruction of b.code) {
    const moved = renumber(instruction, ofB);
    const key = exactKey(moved);
    const same = known.get(key);
    if (same === undefined) {
      known.set(key, loads.length + code.length);
      code.push(moved);
    }
    registers.push(same ?? loads.length + code.length - 1);
  }
  return {
    ...a,
    loads,
    code,
    stores: [
      ...a.stores.map((s) => ({ ...s, register: ofA(s.register) })),
      ...b.stores.map((s) => ({ ...s, register: ofB(s.register) })),
    ],
  };
}

/** @param most loads and stores that a merged kernel may hold */
export function mergeMaps(steps: readonly BufferStep[], most: number): BufferStep[] {
  const out: BufferStep[] = [];
  const lastWriter = new Map<Buffer, number>();
  const byShape = new Map<string, number[]>();
  for (const step of steps) {
    const { reads, writes } = accesses(step);
    const target = step.op === "map" ? findTarget(step, reads, writes) : undefined;
    const at = target ?? out.length;
    if (target === undefined) out.push(step);
    else out[target] = combine(out[target] as Kernel, step as Kernel);
    for (const w of writes) lastWriter.set(w.buffer, at);
    if (step.op === "map" && target === undefined) {
      const key = shapeKey(step);
      byShape.set(key, [...(byShape.get(key) ?? []), at]);
    }
  }
  return out;

  function shapeKey(step: Kernel): string {
    return `${step.compute}:${step.dims.join(",")}`;
  }

  function findTarget(step: Kernel, reads: BufferRef[], writes: BufferRef[]): number | undefined {
    const ready = Math.max(-1, ...[...reads, ...writes].map((r) => lastWriter.get(r.buffer) ?? -1));
    const candidates = byShape.get(shapeKey(step)) ?? [];
    for (let c = candidates.length - 1; c >= 0; c--) {
      const at = candidates[c] as number;
      if (at < ready) return undefined;
      const earlier = out[at] as Kernel;
      const operands =
        earlier.loads.length + earlier.stores.length + step.loads.length + step.stores.length;
      if (operands <= most && relation(earlier, step) === "related") return at;
    }
    return undefined;
  }
}

/** Drops stores that nothing reads, and kernels left without any. */
export function dropDeadStores(
  steps: readonly BufferStep[],
  kept: ReadonlySet<Buffer>,
): BufferStep[] {
  const read = new Set<Buffer>(kept);
  const alive: BufferStep[] = [];
  for (const step of [...steps].reverse()) {
    const { reads, writes } = accesses(step);
    if (!writes.some((w) => read.has(w.buffer))) continue;
    for (const r of reads) read.add(r.buffer);
    alive.push(
      step.op === "map"
        ? { ...step, stores: step.stores.filter((s) => read.has(s.view.ref.buffer)) }
        : step,
    );
  }
  return alive.reverse();
}
