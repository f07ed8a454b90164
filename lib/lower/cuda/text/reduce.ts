/**
 * Reductions. Every thread reduces some elements of one output, several at once; then the threads of an
 * output are combined, always in the same order. Sums are taken in double beyond the few of one round.
 */
import type { ReduceStep } from "../../program.js";
import { WARP } from "../machine.js";
import { extents, identityOf, reductionLayout } from "../reduction.js";
import type { PartialReduceStep } from "../steps.js";
import { indexName, indexType, offsetText, reach, splitIndex } from "./addressing.js";
import { type Body, type Crew, indent, pointersText } from "./body.js";
import { C_TYPES, instructionsText, literal, registerText, storedText } from "./scalars.js";

const COMBINE = { sum: "Sum", max: "Max", min: "Min" } as const;

/** Most elements that a thread has under way, in short reductions and in long ones. */
const TOGETHER = 4;
const TOGETHER_LONG = 8;

export function reduceBody(step: ReduceStep | PartialReduceStep, crew: Crew): Body {
  const { dims, loads, outputs, kind } = step;
  const kept = dims.length - step.reduced;
  const keptDims = dims.slice(0, kept);
  const [parts, chunk] =
    step.op === "partialReduce" ? [step.parts, step.chunk] : [1, extents(step).elements];
  const elements = extents(step).elements;
  const results = extents(step).outputs * parts;
  const machine = crew.blocks === null ? undefined : crew.threads * crew.blocks;
  const { neighbours, along } = reductionLayout(step, crew.threads, machine);
  const across = crew.threads / along;
  const wanted = Math.ceil(results / across);
  const blocks = Math.min(wanted, crew.blocks ?? wanted);
  const each = Math.ceil(chunk / along);
  const together = each >= 2 * TOGETHER_LONG ? TOGETHER_LONG : Math.min(TOGETHER, each);
  const rounds = Math.ceil(chunk / (along * together));

  const views = [...loads, ...outputs.map((o) => o.view)];
  const type = indexType(
    elements * extents(step).outputs,
    ...loads.map((v) => reach(v.strides, dims)),
    ...outputs.map((o) => reach(o.view.strides, [...keptDims, parts])),
  );
  const combine = COMBINE[kind];
  const identity = identityOf(kind);
  const total = kind === "sum" ? "double" : "T";
  const all = new Set(keptDims.map((_, i) => i));

  const lastPart = parts > 1 ? ["part"] : [];
  const load = (at: number) => `x${at}[u]`;
  const register = registerText(loads.length, load);
  const indices = (needed: readonly number[]) =>
    splitIndex({
      type,
      from: "j",
      dims: dims.slice(kept),
      first: kept,
      needed: new Set(needed),
    });
  const strided = loads.flatMap((v) => v.strides.flatMap((s, i) => (s === 0 ? [] : [i])));
  const counted = step.code.flatMap((i) => (i.op === "iota" ? [i.dim] : []));
  const values = outputs.map((o, n) => `v${n}[u] = ${register(o.register)};`);
  const compute = instructionsText(step, load, indexName);
  const unrolled = (lines: readonly string[]) => [
    "#pragma unroll",
    `for (int u = 0; u < ${together}; u++) {`,
    ...indent(lines),
    "}",
  ];
  const [start, end] = parts > 1 ? ["begin + place", "end"] : ["place", `${elements}`];
  const exact = parts === 1 && elements % (along * together) === 0;
  const within = (lines: readonly string[]) =>
    exact ? lines : [`if (j < ${end}) {`, ...indent(lines), "}"];
  const round = [
    ...loads.map((_, i) => `T x${i}[${together}];`),
    ...outputs.map((_, n) => `T v${n}[${together}];`),
    ...unrolled([
      `const ${type} j = e + u * ${along};`,
      ...within([
        ...indices(strided),
        ...loads.map((v, i) => `x${i}[u] = static_cast<T>(l${i}[${offsetText(v.strides)}]);`),
      ]),
    ]),
    ...unrolled([
      ...(exact && counted.length === 0 ? [] : [`const ${type} j = e + u * ${along};`]),
      ...(exact ? [] : outputs.map((_, n) => `v${n}[u] = ${literal(identity)};`)),
      ...within([...indices(counted), ...compute, ...values]),
    ]),
    ...outputs.map(
      (_, n) =>
        `total${n} = ${combine}<${total}>(total${n}, ${treeText(combine, `v${n}`, together)});`,
    ),
  ];
  const loop =
    rounds === 1
      ? [`const ${type} e = ${start};`, ...round]
      : [
          `for (${type} e = ${start}; e < ${end}; e += ${along * together}) {`,
          ...indent(round),
          "}",
        ];
  const [place, output] =
    neighbours === "elements"
      ? [`thread % ${along}`, `thread / ${along}`]
      : [`thread / ${across}`, `thread % ${across}`];
  // Neighbouring threads take neighbouring outputs of one part, or all parts of one output.
  const [keptIndex, part] =
    parts === 1
      ? ["o", "0"]
      : neighbours === "outputs"
        ? [`o % ${results / parts}`, `o / ${results / parts}`]
        : [`o / ${parts}`, `o % ${parts}`];
  const body = [
    `const ${type} o = first + ${output};`,
    `const bool inside = o < ${results};`,
    ...(kept > 0 ? [`const ${type} kept = ${keptIndex};`] : []),
    ...splitIndex({ type, from: "kept", dims: keptDims, needed: all }),
    ...(parts > 1
      ? [
          `const ${type} part = ${part};`,
          `const ${type} begin = part * ${chunk};`,
          `const ${type} end = begin + ${chunk} < ${elements} ? begin + ${chunk} : ${elements};`,
        ]
      : []),
    ...outputs.map((_, n) => `${total} total${n} = ${literal(identity)};`),
    "if (inside) {",
    ...indent(loop),
    "}",
    ...outputs.flatMap((_, n) =>
      combineThreads(`total${n}`, { total, combine, neighbours, along, across }),
    ),
    "if (inside && place == 0) {",
    ...indent(
      outputs.map((o, n) => {
        const at = offsetText(o.view.strides.slice(0, kept));
        const stride = o.view.strides[kept] ?? 0;
        const where = lastPart.length > 0 ? `${at} + part * ${stride}` : at;
        const value = step.op === "partialReduce" ? `total${n}` : `static_cast<T>(total${n})`;
        return `s${n}[${where}] = ${storedText(value, o.view.dtype)};`;
      }),
    ),
    "}",
  ];
  const firstResult = `static_cast<${type}>(block) * ${across}`;
  const whole =
    blocks === wanted
      ? [`const ${type} first = ${firstResult};`, ...body]
      : [
          `for (${type} first = ${firstResult}; first < ${results}; first += ${blocks * across}) {`,
          ...indent(body),
          "}",
        ];
  const text = [
    `using T = ${C_TYPES[step.compute]};`,
    "const int thread = static_cast<int>(threadIdx.x);",
    `const int place = ${place};`,
    ...pointersText(
      loads,
      outputs.map((o) => o.view),
    ),
    ...whole,
  ].join("\n");
  return { text, args: views.map((v) => v.ref), blocks };
}

/** v[0], v[1], … combined by halves. */
function treeText(combine: string, name: string, count: number, from = 0): string {
  if (count === 1) return `${name}[${from}]`;
  const half = count >> 1;
  return `${combine}<T>(${treeText(combine, name, half, from)}, ${treeText(combine, name, count - half, from + half)})`;
}

interface Threads {
  readonly total: string;
  readonly combine: string;
  readonly neighbours: "outputs" | "elements";
  readonly along: number;
  readonly across: number;
}

/** Leaves in the first thread of every output what all its threads have. */
function combineThreads(name: string, threads: Threads): string[] {
  const { total, combine, neighbours, along, across } = threads;
  if (along === 1) return [];
  if (neighbours === "outputs")
    return [
      "__syncthreads();",
      `scratch[thread] = ${name};`,
      "__syncthreads();",
      "#pragma unroll",
      `for (int half = ${along / 2}; half > 0; half /= 2) {`,
      "  if (place < half) {",
      `    scratch[thread] = ${combine}<${total}>(scratch[thread], scratch[thread + half * ${across}]);`,
      "  }",
      "  __syncthreads();",
      "}",
      `${name} = scratch[thread];`,
    ];
  const inWarp = Math.min(along, WARP);
  const shuffles = [
    "#pragma unroll",
    `for (int half = ${inWarp / 2}; half > 0; half /= 2) {`,
    `  ${name} = ${combine}<${total}>(${name}, __shfl_xor_sync(0xffffffffu, ${name}, half));`,
    "}",
  ];
  if (along <= WARP) return shuffles;
  return [
    ...shuffles,
    "__syncthreads();",
    `if (place % ${WARP} == 0) scratch[thread / ${WARP}] = ${name};`,
    "__syncthreads();",
    "if (place == 0) {",
    `  for (int warp = 1; warp < ${along / WARP}; warp++) {`,
    `    ${name} = ${combine}<${total}>(${name}, ${total}(scratch[thread / ${WARP} + warp]));`,
    "  }",
    "}",
  ];
}
