/** The stream that carries a program to the native side, read back by its own description. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SCALAR_OPS } from "../../lib/ir/scalar.js";
import { DTYPES } from "../../lib/ir/types.js";
import { ENCODING_VERSION, encode } from "../../lib/lower/encode.js";
import { lower } from "../../lib/lower/lower.js";
import type { Program, Step } from "../../lib/lower/program.js";
import { loadAddon } from "../../lib/native/load.js";
import { simplify } from "../../lib/transform/simplify.js";
import { cases } from "../conformance/cases.js";
import { derivativesGraph, isSmooth, valueGraph } from "../conformance/graphs.js";
import { BATCH_INPUT, lenetStep } from "./lenet-step.js";
import { build, randomProgram } from "./random-program.js";

const KINDS =
  "map reduce argmax matmul conv2d conv2dInputGrad conv2dFilterGrad avgPool avgPoolGrad maxPool maxPoolGrad maxPoolTangent gather scatterAdd randomUniform blocks".split(
    " ",
  );

/** Reads the stream as native/program.cc does, from the comments of lib/lower/program.ts alone. */
class Reader {
  private at = 0;
  constructor(private readonly numbers: Float64Array) {}

  number(): number {
    if (this.at >= this.numbers.length) throw new Error("the stream ended");
    return this.numbers[this.at++] as number;
  }

  numbers_(count: number): number[] {
    return Array.from({ length: count }, () => this.number());
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }

  private ref() {
    const [space, slot, offset] = this.numbers_(3);
    return space === 0 ? { space: "arena", offset } : { space: "slot", slot, offset };
  }

  private view() {
    const ref = this.ref();
    return { ref, dtype: this.dtype(), strides: this.list(() => this.number()) };
  }

  private dtype() {
    return DTYPES[this.number()];
  }

  private store = () => ({ register: this.number(), view: this.view() });

  private instruction = () => {
    const op = ["constant", "iota", ...Object.keys(SCALAR_OPS)][this.number()] as string;
    if (op === "constant") return { op, value: this.number() };
    if (op === "iota") return { op, dim: this.number() };
    return { op, args: this.numbers_(SCALAR_OPS[op as keyof typeof SCALAR_OPS]) };
  };

  private expression() {
    return {
      compute: this.dtype(),
      dims: this.list(() => this.number()),
      loads: this.list(() => this.view()),
      code: this.list(this.instruction),
    };
  }

  private fields<K extends string>(...names: K[]) {
    return Object.fromEntries(names.map((n) => [n, this.number()])) as Record<K, number>;
  }

  private window() {
    return this.fields(
      ...(["n", "h", "w", "c", "kh", "kw", "o"] as const),
      ...(["strideH", "strideW", "padTop", "padLeft", "oh", "ow"] as const),
    );
  }

  private laned = () => ({ ref: this.ref(), laneStride: this.number() });
  private batched = () => ({ ref: this.ref(), strides: this.list(() => this.number()) });

  step(): unknown {
    const length = this.number();
    const start = this.at;
    const op = KINDS[this.number()] as Step["op"];
    const step = { op, ...this.body(op) };
    expect(this.at - start, `numbers of a ${op}`).toBe(length);
    return step;
  }

  private body(op: Step["op"]): object {
    switch (op) {
      case "map":
        return { ...this.expression(), stores: this.list(this.store) };
      case "reduce": {
        const expression = this.expression();
        const kind = ["sum", "max", "min"][this.number()];
        return { ...expression, kind, reduced: this.number(), outputs: this.list(this.store) };
      }
      case "argmax":
        return {
          dtype: this.dtype(),
          ...this.fields("outer", "axis", "inner"),
          x: this.ref(),
          y: this.ref(),
        };
      case "matmul": {
        const dtype = this.dtype();
        const { transA, transB, accumulate, ...sizes } = this.fields(
          "m",
          "n",
          "k",
          "transA",
          "transB",
          "lda",
          "ldb",
          "ldc",
          "accumulate",
        );
        const flags = { transA: transA === 1, transB: transB === 1, accumulate: accumulate === 1 };
        const batch = this.list(() => this.number());
        return {
          dtype,
          ...sizes,
          ...flags,
          batch,
          a: this.batched(),
          b: this.batched(),
          c: this.batched(),
        };
      }
      case "conv2d":
      case "conv2dInputGrad":
      case "conv2dFilterGrad": {
        const head = { dtype: this.dtype(), window: this.window(), lanes: this.number() };
        const accumulate = this.number() === 1;
        return { ...head, accumulate, a: this.laned(), b: this.laned(), out: this.laned() };
      }
      case "gather":
      case "scatterAdd":
        return {
          dtype: this.dtype(),
          ...this.fields("count", "rows", "rowSize", "lanes"),
          index: this.ref(),
          table: this.laned(),
          out: this.laned(),
        };
      case "randomUniform":
        return {
          dtype: this.dtype(),
          ...this.fields("count", "site"),
          key: this.ref(),
          out: this.ref(),
        };
      case "blocks": {
        const head = this.fields("blocks", "parts");
        const program = this.program();
        const slots = program.slots.map(() => ({
          ref: this.ref(),
          access: ["read", "write", "sum"][this.number()],
          ...this.fields("blockStride", "partStride"),
        }));
        return { ...head, program, slots };
      }
      default: {
        const head = {
          dtype: this.dtype(),
          window: this.window(),
          lanes: this.number(),
          a: this.laned(),
        };
        const two = op === "maxPoolGrad" || op === "maxPoolTangent";
        return { ...head, ...(two ? { b: this.laned() } : {}), out: this.laned() };
      }
    }
  }

  program(): Unnamed {
    return {
      arenaBytes: this.number(),
      slots: this.list(() => ({ dtype: this.dtype(), bytes: this.number() })),
      steps: this.list(() => this.step()),
    };
  }

  done(): boolean {
    return this.at === this.numbers.length;
  }
}

/** A program as the stream has it. */
interface Unnamed {
  readonly arenaBytes: number;
  readonly slots: readonly object[];
  readonly steps: readonly unknown[];
}

function unnamed({ arenaBytes, slots, steps }: Program): Unnamed {
  return {
    arenaBytes,
    slots: slots.map(({ dtype, bytes }) => ({ dtype, bytes })),
    steps: steps.map((s) => (s.op === "blocks" ? { ...s, program: unnamed(s.program) } : s)),
  };
}

function expectRoundTrip(program: Program): void {
  const reader = new Reader(encode(program));
  expect(reader.number()).toBe(ENCODING_VERSION);
  expect(reader.program()).toEqual(unnamed(program));
  expect(reader.done()).toBe(true);
}

describe("encoding", () => {
  test("has the version that the addon reads", () => {
    expect(loadAddon().encodingVersion).toBe(ENCODING_VERSION);
  });

  test("loses nothing of LeNet's training step", () => {
    for (const lanes of [0, 3])
      for (const batch of [[], [BATCH_INPUT]]) expectRoundTrip(lenetStep(lanes, { batch }).program);
  });

  test("loses nothing of any kind of step but blocks, of which LeNet has one", () => {
    const seen = new Set<string>();
    for (const { instances } of cases)
      for (const instance of fc.sample(instances, { numRuns: 3, seed: 7 })) {
        const graph = isSmooth(instance, "float32")
          ? derivativesGraph(instance, "float32", true)
          : valueGraph(instance, "float32");
        const { program } = lower(simplify(graph), { name: "case", lanes: 2 });
        expectRoundTrip(program);
        for (const step of program.steps) seen.add(step.op);
      }
    expect([...seen, "blocks"].sort()).toEqual([...KINDS].sort());
  });

  test("loses nothing of any random program, infinite constants included", () => {
    fc.assert(
      fc.property(randomProgram(true), (random) => {
        const { graph, donate, lanedOutputs } = build(random);
        const options = { name: "random", lanes: 2, donate, lanedOutputs };
        expectRoundTrip(lower(simplify(graph), options).program);
      }),
      { numRuns: 100 },
    );
  });

  test("loses nothing of programs in blocks", () => {
    fc.assert(
      fc.property(randomProgram(true, true), (random) => {
        const { graph, donate, lanedOutputs } = build(random, true);
        const blocks = { size: 2, parts: 2 };
        const options = { name: "random", lanes: 2, donate, lanedOutputs, batch: [0], blocks };
        expectRoundTrip(lower(simplify(graph), options).program);
      }),
      { numRuns: 100 },
    );
  });
});
