/** Elementwise kernels. A thread does several elements at once, so that their loads are under way together. */
import type { DType } from "../../../ir/types.js";
import type { MapStep, View } from "../../program.js";
import { BLOCK, FULL } from "../machine.js";
import { indexName, indexType, isContiguous, offsetText, reach, splitIndex } from "./addressing.js";
import { type Body, type Crew, indent, isAligned, pointersText } from "./body.js";
import { C_TYPES, instructionsText, registerText, storedText } from "./scalars.js";

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** Most elements of a thread: 16 bytes of float32. */
const TOGETHER = 4;

/** Values that a thread may have under way, so that its registers hold them. */
const valuesUnderWay = (threads: number) => (threads > BLOCK ? 24 : 64);

/** How many elements a thread does at once: one before some threads have none. */
function elementsOfThread({ dims, loads }: MapStep, { threads, blocks }: Crew): number {
  const available = blocks === null ? FULL : threads * blocks;
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, product(dims) / available)));
  const held = 2 ** Math.floor(Math.log2(valuesUnderWay(threads) / Math.max(1, loads.length)));
  return Math.max(1, Math.min(TOGETHER, wanted, held));
}

/** How four neighbours are moved at once; bool goes one by one. */
const VECTORS: Partial<Record<DType, { type: string; width: number }>> = {
  float32: { type: "float4", width: 4 },
  int32: { type: "int4", width: 4 },
  float64: { type: "double2", width: 2 },
};
const PARTS = ["x", "y", "z", "w"];

/** Four neighbours of this operand are always side by side, and known to be aligned. */
const movesAtOnce = (view: View): boolean =>
  VECTORS[view.dtype] !== undefined &&
  view.strides.at(-1) === 1 &&
  view.strides.slice(0, -1).every((s) => s % TOGETHER === 0) &&
  isAligned(view, TOGETHER);

const sizeOfView = (view: View, dims: readonly number[]) =>
  product(dims.filter((_, i) => view.strides[i] !== 0));

/** Whether threads take neighbours, rather than elements far apart: it pays when all large operands can be moved at once. */
function takesNeighbours(step: MapStep, views: readonly View[], crew: Crew): boolean {
  const inner = step.dims.at(-1);
  if (inner === undefined || inner % TOGETHER !== 0) return false;
  const size = product(step.dims);
  if (elementsOfThread(step, crew) < TOGETHER) return false;
  return views
    .filter((v) => v.strides.at(-1) !== 0 && sizeOfView(v, step.dims) * TOGETHER > size)
    .every((v) => v.dtype === "bool" || movesAtOnce(v));
}

export function mapBody(step: MapStep, crew: Crew): Body {
  const { dims, loads, stores } = step;
  const size = product(dims);
  const views = [...loads, ...stores.map((s) => s.view)];
  const neighbours = takesNeighbours(step, views, crew);
  const type = indexType(size, ...views.map((v) => reach(v.strides, dims)));
  const together = elementsOfThread(step, crew);
  const chunk = crew.threads * together;
  const wanted = Math.ceil(size / chunk);
  const blocks = Math.min(wanted, crew.blocks ?? wanted);

  const thread = `static_cast<int>(threadIdx.x)`;
  const element = neighbours
    ? `first + ${thread} * ${TOGETHER}`
    : `first + u * ${crew.threads} + ${thread}`;
  /** Indices that views need which do not run in step with the flat one, and the code. */
  const split = (of: readonly View[], code: boolean) => {
    const strided = of
      .filter((v) => !isContiguous(v.strides, dims))
      .flatMap((v) => v.strides.flatMap((s, i) => (s === 0 ? [] : [i])));
    const counted = step.code.flatMap((i) => (code && i.op === "iota" ? [i.dim] : []));
    return splitIndex({ type, from: "i", dims, needed: new Set([...strided, ...counted]) });
  };
  const offset = (v: View) => (isContiguous(v.strides, dims) ? "i" : offsetText(v.strides));
  const last = dims.length - 1;
  /** Of the u-th neighbour. */
  const neighbour = (v: View) => {
    const stride = v.strides[last] as number;
    return stride === 0 ? offset(v) : `${offset(v)} + u * ${stride}`;
  };

  const load = (at: number) => `x${at}[u]`;
  const register = registerText(loads.length, load);
  const compute = instructionsText(step, load, (dim) =>
    neighbours && dim === last ? `${indexName(dim)} + u` : indexName(dim),
  );
  const at = [`const ${type} i = ${element};`, `if (i >= ${size}) break;`];
  const unrolled = (lines: readonly string[]) => [
    "#pragma unroll",
    `for (int u = 0; u < ${together}; u++) {`,
    ...indent(lines),
    "}",
  ];
  const inside = (lines: readonly string[]) =>
    neighbours
      ? ["do {", ...indent([...at, ...split(views, true), ...lines]), "} while (false);"]
      : lines;

  const registers = [
    ...loads.map((_, i) => `T x${i}[${together}];`),
    ...(neighbours ? stores.map((_, i) => `T y${i}[${together}];`) : []),
  ];
  const body = neighbours
    ? inside([
        ...loads.flatMap((v, i) => loadNeighbours(v, i, offset(v), neighbour(v))),
        ...unrolled([...compute, ...stores.map((s, i) => `y${i}[u] = ${register(s.register)};`)]),
        ...stores.flatMap((s, i) => storeNeighbours(s.view, i, offset(s.view), neighbour(s.view))),
      ])
    : [
        ...unrolled([
          ...at,
          ...split(loads, false),
          ...loads.map((v, i) => `x${i}[u] = static_cast<T>(l${i}[${offset(v)}]);`),
        ]),
        ...unrolled([
          ...at,
          ...split(
            stores.map((s) => s.view),
            true,
          ),
          ...compute,
          ...stores.map(
            (s, i) =>
              `s${i}[${offset(s.view)}] = ${storedText(register(s.register), s.view.dtype)};`,
          ),
        ]),
      ];
  const loop =
    blocks === wanted
      ? [`const ${type} first = static_cast<${type}>(block) * ${chunk};`, ...registers, ...body]
      : [
          `for (${type} first = static_cast<${type}>(block) * ${chunk}; first < ${size}; first += ${blocks * chunk}) {`,
          ...indent([...registers, ...body]),
          "}",
        ];
  const text = [
    `using T = ${C_TYPES[step.compute]};`,
    ...pointersText(
      loads,
      stores.map((s) => s.view),
    ),
    ...loop,
  ].join("\n");
  return { text, args: views.map((v) => v.ref), blocks };
}

function loadNeighbours(view: View, at: number, offset: string, neighbour: string): string[] {
  const vector = VECTORS[view.dtype];
  if (vector && movesAtOnce(view)) {
    const count = TOGETHER / vector.width;
    return Array.from({ length: count }, (_, n) => [
      `const ${vector.type} v${at}_${n} = *reinterpret_cast<const ${vector.type}*>(l${at} + ${offset} + ${n * vector.width});`,
      ...PARTS.slice(0, vector.width).map(
        (part, k) => `x${at}[${n * vector.width + k}] = static_cast<T>(v${at}_${n}.${part});`,
      ),
    ]).flat();
  }
  return [
    "#pragma unroll",
    `for (int u = 0; u < ${TOGETHER}; u++) x${at}[u] = static_cast<T>(l${at}[${neighbour}]);`,
  ];
}

function storeNeighbours(view: View, at: number, offset: string, neighbour: string): string[] {
  const vector = VECTORS[view.dtype];
  if (vector && movesAtOnce(view)) {
    const part = (k: number) => storedText(`y${at}[${k}]`, view.dtype);
    return Array.from({ length: TOGETHER / vector.width }, (_, n) => {
      const parts = Array.from({ length: vector.width }, (__, k) => part(n * vector.width + k));
      return `*reinterpret_cast<${vector.type}*>(s${at} + ${offset} + ${n * vector.width}) = make_${vector.type}(${parts.join(", ")});`;
    });
  }
  return [
    "#pragma unroll",
    `for (int u = 0; u < ${TOGETHER}; u++) s${at}[${neighbour}] = ${storedText(`y${at}[u]`, view.dtype)};`,
  ];
}
