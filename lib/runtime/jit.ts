/** `jit`: traces a function once for each signature, compiles it, and runs it on a device. */
import {
  allocate,
  array,
  dtypeOf,
  type HostArray,
  isHostArray,
  isTypedArray,
  type TypedArray,
} from "../ir/array.js";
import type { Tensor } from "../ir/graph.js";
import { flatten, type TreeDef } from "../ir/tree.js";
import { BYTES, type Shape, sizeOf, type Type } from "../ir/types.js";
import { isTensor, outputLeaves, traceFlat } from "../trace/trace.js";
import type { TreeFunction } from "../transform/grad.js";
import { simplify } from "../transform/simplify.js";
import { type DeviceOptions, defaultDevice } from "./device.js";
import { type DeviceArray, DeviceJob, Executable } from "./executable.js";

/** What a traced function may be given at run time: numbers are scalars, typed arrays have one axis. */
export type HostLeaf = number | TypedArray | HostArray;

/** What comes back of a traced result: every tensor (and number) a host array. */
export type Concrete<T> = T extends Tensor | number
  ? HostArray
  : T extends readonly unknown[]
    ? { [K in keyof T]: Concrete<T[K]> }
    : T extends object
      ? { [K in keyof T]: Concrete<T[K]> }
      : T;

const isHostLeaf = (x: unknown): x is HostLeaf =>
  typeof x === "number" || isTypedArray(x) || isHostArray(x);

/** Some leaf of the arguments is a tensor: the call happens inside another trace. */
export function hasTensor(args: readonly unknown[]): boolean {
  const isLeaf = (x: unknown): x is unknown => isTensor(x) || isHostLeaf(x);
  return flatten(args, isLeaf)[0].some(isTensor);
}

interface Signature {
  readonly leaves: readonly HostArray[];
  readonly def: TreeDef;
  readonly key: string;
}

/** Numbers take part in float64 exactly when some other leaf is float64. */
function signatureOf(args: readonly unknown[]): Signature {
  const [raw, def] = flatten(args, isHostLeaf);
  const wide = raw.some((x) => (isHostArray(x) ? x.data : x) instanceof Float64Array);
  const scalar = (x: number) => (wide ? Float64Array.of(x) : Float32Array.of(x));
  const leaves = raw.map((x) => {
    if (typeof x === "number") return { data: scalar(x), shape: [] };
    return isHostArray(x) ? array(x.data, x.shape) : array(x);
  });
  const types = leaves.map((x) => `${dtypeOf(x.data)}[${x.shape}]`);
  return { leaves, def, key: `${def.structure} ${types.join(" ")}` };
}

class Compiled {
  private readonly inputs: DeviceArray[];
  private readonly outputs: DeviceArray[];
  private readonly job: DeviceJob;
  private readonly types: readonly Type[];
  private readonly result: TreeDef;

  constructor(f: TreeFunction, { leaves, def }: Signature, options: DeviceOptions) {
    const device = defaultDevice(options);
    let result: TreeDef | undefined;
    const specs = leaves.map(({ data, shape }, i) => ({
      name: def.paths[i] as string,
      type: { dtype: dtypeOf(data), shape, laned: false },
    }));
    const graph = traceFlat(specs, (xs) => {
      const [outputs, tree] = outputLeaves(f(...(def.rebuild(xs) as unknown[])));
      result = tree;
      return outputs;
    });
    const simple = simplify(graph);
    const executable = Executable.compile(device, simple, { name: f.name || "jit" });
    const bytes = ({ dtype, shape }: Type) => BYTES[dtype] * sizeOf(shape);
    const make = (type: Type) => ({ buffer: device.allocate(bytes(type)), offset: 0 });
    this.types = simple.outputs.map((y) => y.type);
    this.inputs = specs.map((s) => make(s.type));
    this.outputs = this.types.map(make);
    this.result = result as TreeDef;
    this.job = new DeviceJob(device);
    this.job.call(executable, this.inputs, this.outputs);
  }

  run({ leaves }: Signature): unknown {
    leaves.forEach(({ data }, i) => {
      const to = this.inputs[i] as DeviceArray;
      to.buffer.write(data, 0);
    });
    this.job.runSync();
    const values = this.types.map(({ dtype, shape }, i): HostArray => {
      const data = allocate(dtype, sizeOf(shape));
      (this.outputs[i] as DeviceArray).buffer.read(data, 0);
      return { data, shape: shape as Shape };
    });
    return this.result.rebuild(values);
  }
}

/**
 * Compiles a function of trees of arrays. It is traced once for every
 * combination of tree, shapes and dtypes, and must be pure.
 *
 * Inside another traced function the call is simply part of that trace.
 *
 * @returns a function that takes host values and gives host arrays
 * @throws GLOCAL_BAD_SHAPE, GLOCAL_BAD_DTYPE and GLOCAL_TRACE while tracing, GLOCAL_DEVICE
 */
export function compileFunction(f: TreeFunction, options: DeviceOptions = {}): TreeFunction {
  const compiled = new Map<string, Compiled>();
  const run = (...args: unknown[]): unknown => {
    if (hasTensor(args)) return f(...args);
    const signature = signatureOf(args);
    const known = compiled.get(signature.key) ?? new Compiled(f, signature, options);
    compiled.set(signature.key, known);
    return known.run(signature);
  };
  Object.defineProperty(run, "name", { value: f.name });
  return run;
}
