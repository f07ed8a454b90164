/** Builds the fused expression of a kernel by walking from a value down to what lies in memory. */
import type { Tensor } from "../ir/graph.js";
import type { ScalarOp } from "../ir/scalar.js";
import { BYTES, isFloat, rowMajor, type Shape, sizeOf } from "../ir/types.js";
import { broadcastPrimitive } from "../ops/broadcast.js";
import { castPrimitive, fullPrimitive, iotaPrimitive } from "../ops/constant.js";
import { reshapePrimitive, slicePrimitive, transposePrimitive } from "../ops/shape.js";
import type { BufferRef } from "./buffer.js";
import type { ComputeType, Instruction, View } from "./program.js";
import { computeTypeOf, holdingType } from "./schedule.js";

/** Where one axis of a value is read: index = start + step · (index along dimension `dim` of the kernel). */
export interface Axis {
  readonly dim: number | null;
  readonly step: number;
  readonly start: number;
}

const FIXED: Axis = { dim: null, step: 0, start: 0 };

/** Axes that follow the kernel's dimensions one to one, from dimension `from` on. */
export function identityAxes(shape: Shape, from = 0): Axis[] {
  return shape.map((_, i) => ({ dim: from + i, step: 1, start: 0 }));
}

/** A register before numbering: loads come first, so instructions are numbered last. */
type Register = { readonly load: number } | { readonly code: number };
type DraftInstruction =
  | Extract<Instruction, { op: "constant" | "iota" }>
  | { readonly op: ScalarOp; readonly args: readonly Register[] };

export class ExpressionBuilder {
  private readonly loads: View<BufferRef>[] = [];
  private readonly code: DraftInstruction[] = [];
  private readonly known = new Map<string, Register>();
  private compute: ComputeType | undefined;

  /**
   * @param rank dimensions of the kernel
   * @param laned whether dimension 0 of the kernel is the lane
   * @param memory where a value lies, if it lies in memory
   */
  constructor(
    private readonly rank: number,
    private readonly laned: boolean,
    private readonly memory: (node: Tensor) => BufferRef | undefined,
  ) {}

  /** The register that holds `node` read along `axes`; `inline` computes the node itself even if it has memory. */
  value(node: Tensor, axes: readonly Axis[], inline = false): Register {
    const key = `${node.id}:${axes.map((a) => `${a.dim},${a.step},${a.start}`).join(";")}`;
    const known = this.known.get(key);
    if (known) return known;
    const place = inline ? undefined : this.memory(node);
    const register = place ? this.load(node, place, axes) : this.computed(node, axes);
    this.known.set(key, register);
    return register;
  }

  /** The expression, with the given registers numbered. */
  finish(dims: readonly number[], results: readonly Register[]) {
    const number = (r: Register) => ("load" in r ? r.load : this.loads.length + r.code);
    return {
      compute: this.compute ?? ("float32" as const),
      dims,
      loads: this.loads,
      code: this.code.map(
        (i): Instruction => ("args" in i ? { op: i.op, args: i.args.map(number) } : i),
      ),
      results: results.map(number),
    };
  }

  private load(node: Tensor, { buffer, offset }: BufferRef, axes: readonly Axis[]): Register {
    const strides = new Array<number>(this.rank).fill(0);
    let start = 0;
    rowMajor(node.shape).forEach((stride, i) => {
      const axis = axes[i] as Axis;
      start += stride * axis.start;
      if (axis.dim !== null) strides[axis.dim] = (strides[axis.dim] as number) + stride * axis.step;
    });
    if (this.laned && node.type.laned) strides[0] = sizeOf(node.shape);
    this.need(holdingType(node.dtype), false);
    this.loads.push({
      ref: { buffer, offset: offset + start * BYTES[node.dtype] },
      dtype: node.dtype,
      strides,
    });
    return { load: this.loads.length - 1 };
  }

  /** Remembers what the kernel computes in: what its arithmetic asks for, else what it loads. */
  private need(type: ComputeType | undefined, arithmetic: boolean): void {
    if (type && (arithmetic || !this.compute)) this.compute = type;
  }

  private emit(instruction: DraftInstruction): Register {
    this.code.push(instruction);
    return { code: this.code.length - 1 };
  }

  private computed(node: Tensor, axes: readonly Axis[]): Register {
    const [x] = node.inputs as [Tensor];
    const { attrs } = node;
    switch (node.primitive as unknown) {
      case fullPrimitive:
        this.need(holdingType(node.dtype), false);
        return this.emit({ op: "constant", value: attrs.value });
      case iotaPrimitive:
        this.need(holdingType(node.dtype), false);
        return this.iota(axes[0] as Axis);
      case broadcastPrimitive: {
        const lead = node.shape.length - x.shape.length;
        return this.value(
          x,
          x.shape.map((d, i) => (d === 1 ? FIXED : (axes[lead + i] as Axis))),
        );
      }
      case transposePrimitive: {
        const from = new Array<Axis>(axes.length);
        (attrs.perm as number[]).forEach((p, i) => {
          from[p] = axes[i] as Axis;
        });
        return this.value(x, from);
      }
      case slicePrimitive:
        return this.value(
          x,
          axes.map(({ dim, step, start }, i) => ({
            dim,
            step: step * attrs.step[i],
            start: start * attrs.step[i] + attrs.start[i],
          })),
        );
      case reshapePrimitive: {
        const wide = axes.filter((_, i) => node.shape[i] !== 1);
        let next = 0;
        return this.value(
          x,
          x.shape.map((d) => (d === 1 ? FIXED : (wide[next++] as Axis))),
        );
      }
      case castPrimitive:
        return this.cast(node, this.value(x, axes));
      default:
        return this.elementwise(node, axes);
    }
  }

  private elementwise(node: Tensor, axes: readonly Axis[]): Register {
    const args = node.inputs.map((operand) => this.value(operand, axes));
    this.need(computeTypeOf(node), true);
    return this.emit({ op: node.primitive.name as ScalarOp, args });
  }

  private cast(node: Tensor, x: Register): Register {
    this.need(computeTypeOf(node), true);
    if (isFloat(node.dtype)) return x;
    if (node.dtype === "int32") return this.emit({ op: "trunc", args: [x] });
    const zero = this.emit({ op: "constant", value: 0 });
    return this.emit({ op: "ne", args: [x, zero] });
  }

  private iota({ dim, step, start }: Axis): Register {
    if (dim === null) return this.emit({ op: "constant", value: start });
    const index = this.emit({ op: "iota", dim });
    const scaled =
      step === 1
        ? index
        : this.emit({ op: "mul", args: [index, this.emit({ op: "constant", value: step })] });
    return start === 0
      ? scaled
      : this.emit({ op: "add", args: [scaled, this.emit({ op: "constant", value: start })] });
  }
}
