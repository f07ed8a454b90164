/**
 * Graphs in single-assignment form. A `Tensor` is a node and its only output;
 * a `Builder` is the list that nodes are appended to while a function is traced
 * or transformed, so ids are a topological order.
 */
import { GlocalError } from "../errors.js";
import { atUserLine } from "./origin.js";
import { type DType, formatType, type Shape, type Type } from "./types.js";

// biome-ignore lint/suspicious/noExplicitAny: each primitive has its own attributes; `definePrimitive` types them.
export type Attrs = Readonly<Record<string, any>>;

/** What a primitive is: everything the rest of the house needs to know about one operation. */
export interface Primitive<A extends Attrs = Attrs> {
  readonly name: string;
  /** Shape rule: the output's dtype and shape, or a GLOCAL_BAD_SHAPE / GLOCAL_BAD_DTYPE error. Lanes are added by the builder. */
  type(inputs: readonly Type[], attrs: A): { dtype: DType; shape: Shape };
  /** The output's tangent from the inputs' (null is a symbolic zero). */
  jvp(rule: JvpRule<A>): Tensor | null;
  /** The cotangent of one operand from the output's; null where nothing flows. */
  vjp(rule: VjpRule<A>): Tensor | null;
  /** The value in float64, lane by lane. */
  reference(inputs: readonly ReferenceArray[], attrs: A, output: Type): ArrayLike<number>;
}

export interface JvpRule<A extends Attrs = Attrs> {
  readonly inputs: readonly Tensor[];
  readonly tangents: readonly (Tensor | null)[];
  readonly output: Tensor;
  readonly attrs: A;
}

export interface VjpRule<A extends Attrs = Attrs> {
  readonly inputs: readonly Tensor[];
  readonly cotangent: Tensor;
  readonly output: Tensor;
  readonly attrs: A;
  /** Which operand's cotangent is wanted. */
  readonly operand: number;
}

export interface ReferenceArray {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** A value in a graph: what a traced function sees in place of an array. */
export class Tensor {
  constructor(
    readonly builder: Builder,
    readonly id: number,
    readonly primitive: Primitive,
    readonly inputs: readonly Tensor[],
    readonly attrs: Attrs,
    readonly type: Type,
  ) {}

  get shape(): Shape {
    return this.type.shape;
  }

  get dtype(): DType {
    return this.type.dtype;
  }

  toString(): string {
    return `%${this.id}: ${formatType(this.type)}`;
  }
}

export class Builder {
  readonly nodes: Tensor[] = [];
  private randomSites = 0;

  emit<A extends Attrs>(primitive: Primitive<A>, inputs: readonly Tensor[], attrs: A): Tensor {
    for (const x of inputs)
      if (x.builder !== this)
        throw new GlocalError("GLOCAL_TRACE", {
          expected: `operands of ${primitive.name} from the function being traced`,
          received: "a value that another trace produced",
          hint: `Pass it in as an argument instead of keeping it from an earlier call.${atUserLine()}`,
        });
    const types = inputs.map((x) => x.type);
    const { dtype, shape } = primitive.type(types, attrs);
    return this.append(primitive as unknown as Primitive, inputs, attrs, {
      dtype,
      shape,
      laned: types.some((t) => t.laned),
    });
  }

  /** Appends a node whose type is already known: placeholders, and copies of checked nodes. */
  append(primitive: Primitive, inputs: readonly Tensor[], attrs: Attrs, type: Type): Tensor {
    const node = new Tensor(this, this.nodes.length, primitive, inputs, attrs, type);
    this.nodes.push(node);
    return node;
  }

  /** A number that no other random primitive of this trace has. */
  nextRandomSite(): number {
    return this.randomSites++;
  }
}

const builders: Builder[] = [];

/** The builder of the function being traced. */
export function currentBuilder(): Builder {
  const builder = builders.at(-1);
  if (!builder)
    throw new GlocalError("GLOCAL_TRACE", {
      expected: "tensor operations inside a traced function",
      received: "a call outside of one",
      hint: `Wrap the computation in jit, grad or jvp.${atUserLine()}`,
    });
  return builder;
}

/** Runs `body` with operations appended to `builder`. */
export function withBuilder<T>(builder: Builder, body: () => T): T {
  builders.push(builder);
  try {
    return body();
  } finally {
    builders.pop();
  }
}

/** A finished graph. `nodes` are exactly those that the outputs need (and every input), in topological order. */
export interface Graph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly nodes: readonly Tensor[];
}

/** Collects what the outputs need. */
export function finishGraph(inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph {
  const needed = new Set<Tensor>(inputs);
  const stack = [...outputs];
  while (stack.length > 0) {
    const node = stack.pop() as Tensor;
    if (needed.has(node)) continue;
    needed.add(node);
    stack.push(...node.inputs);
  }
  return { inputs, outputs, nodes: [...needed].sort((a, b) => a.id - b.id) };
}
