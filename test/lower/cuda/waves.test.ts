/** The order of launches: what waits for what, chains of small steps, updates last. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BufferRef } from "../../../lib/lower/buffer.js";
import { Dependences } from "../../../lib/lower/cuda/dependences.js";
import { arrange, moments } from "../../../lib/lower/cuda/lower.js";
import { type CudaBufferStep, cudaAccesses } from "../../../lib/lower/cuda/steps.js";
import { type Stage, stages } from "../../../lib/lower/cuda/waves.js";
import { planMoments } from "../../../lib/lower/plan.js";
import { simplify } from "../../../lib/transform/simplify.js";
import { build, randomProgram } from "../random-program.js";
import { floats, sumOf } from "./buffers.js";

const LARGE = [1_000_000];

/** When a step runs: one beside a chain takes as long as all of its waves. */
interface Timed {
  readonly step: CudaBufferStep;
  readonly first: number;
  readonly last: number;
}

function times(all: readonly Stage[]): Timed[] {
  let now = 0;
  return all.flatMap((stage): Timed[] => {
    const start = now;
    if (stage.kind === "step") {
      now++;
      return [{ step: stage.step, first: start, last: start }];
    }
    now += Math.max(1, stage.chain.length);
    return [
      ...stage.steps.map((step) => ({ step, first: start, last: now - 1 })),
      ...stage.chain.flatMap((wave, i) =>
        wave.map((step) => ({ step, first: start + i, last: start + i })),
      ),
    ];
  });
}

function expectOrder(steps: readonly CudaBufferStep[], all: readonly Stage[]): void {
  const when = new Map(times(all).map(({ step, ...time }) => [step, time]));
  expect(when.size).toBe(steps.length);
  const dependences = new Dependences(steps.map(cudaAccesses));
  steps.forEach((step, at) => {
    for (const before of dependences.predecessors(at)) {
      const { last } = when.get(steps[before] as CudaBufferStep) as { last: number };
      expect(last).toBeLessThan((when.get(step) as { first: number }).first);
    }
  });
}

const describeStages = (all: readonly Stage[]) =>
  all.map((s) => (s.kind === "step" ? s.step.op : [s.steps.length, s.chain.map((w) => w.length)]));

describe("stages", () => {
  test("do all steps, none before or beside what it waits for", () => {
    const random = fc.array(
      fc.record({
        reads: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
        write: fc.nat({ max: 9 }),
        large: fc.boolean(),
        structured: fc.boolean(),
        slot: fc.boolean(),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(random, (program) => {
        const memory = Array.from({ length: 10 }, (_, i) => floats(1, i < 3 ? i : undefined));
        const at = (i: number) => memory[i] as BufferRef;
        const steps = program.map(({ reads, write, large, structured }): CudaBufferStep => {
          const key = at(reads[0] ?? write);
          return structured
            ? { op: "randomUniform", dtype: "float32", count: 1, site: 0, key, out: at(write) }
            : sumOf(reads.map(at), at(write), large ? LARGE : [8]);
        });
        expectOrder(steps, stages(steps));
      }),
      { numRuns: 300 },
    );
  });

  test("of small steps that wait for each other are one", () => {
    const [a, b, c, d] = [floats(8), floats(8), floats(8), floats(8)];
    const chain = [sumOf([], a), sumOf([a], b), sumOf([a], c), sumOf([b, c], d)];
    expect(describeStages(stages(chain))).toEqual([[0, [1, 2, 1]]]);
  });

  test("of large steps are one for each wave, with small chains beside", () => {
    const [a, b, c, d, e] = [floats(1), floats(1), floats(1), floats(1), floats(1)];
    const steps = [
      sumOf([], a, LARGE),
      sumOf([], b, LARGE),
      sumOf([a, b], c, LARGE),
      sumOf([], d),
      sumOf([d], e),
    ];
    expect(describeStages(stages(steps))).toEqual([
      [2, [1, 1]],
      [1, []],
    ]);
  });

  test("hold updates of the state back until nothing else is to be launched", () => {
    const [a, key, out] = [floats(8), floats(8), floats(8)];
    const update = sumOf([], floats(8, 3));
    const random: CudaBufferStep = {
      op: "randomUniform",
      dtype: "float32",
      count: 8,
      site: 0,
      key,
      out,
    };
    const steps = [
      update,
      sumOf([], a),
      sumOf([a], key, LARGE),
      random,
      sumOf([out], floats(8, 4)),
    ];
    expect(describeStages(stages(steps))).toEqual([[1, []], [1, []], "randomUniform", [2, []]]);
  });
});

describe("memory", () => {
  test("that is alive in one moment never overlaps", () => {
    fc.assert(
      fc.property(randomProgram(true), (random) => {
        const { graph, donate, lanedOutputs } = build(random);
        const options = { name: "random", lanes: 3, donate, lanedOutputs };
        const all = arrange(simplify(graph), options).stages;
        const touched = all.flatMap(moments);
        const plan = planMoments(touched, true);
        const lives = new Map<BufferRef["buffer"], [number, number]>();
        touched.forEach(({ reads, writes }, at) => {
          for (const { buffer } of [...reads, ...writes])
            if (buffer.slot === undefined) lives.set(buffer, [lives.get(buffer)?.[0] ?? at, at]);
        });
        const placed = [...lives].map(([buffer, [first, last]]) => {
          const from = plan.offsetOf(buffer);
          return { first, last, from, to: from + buffer.bytes };
        });
        placed.forEach((a, i) => {
          for (const b of placed.slice(i + 1)) {
            const together = a.first <= b.last && b.first <= a.last;
            expect(together && a.from < b.to && b.from < a.to).toBe(false);
          }
        });
      }),
      { numRuns: 100 },
    );
  });
});
