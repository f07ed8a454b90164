/** A kernel that does many steps at once: each range of its blocks does one of them, or a chain of small ones. */
import type { Ref } from "../../program.js";
import { BLOCK, LONE_BLOCK } from "../machine.js";
import type { CudaStep } from "../steps.js";
import type { GeneratedStep } from "../waves.js";
import { type Body, type Crew, indent } from "./body.js";
import { mapBody } from "./map.js";
import { reduceBody } from "./reduce.js";

type Placed = GeneratedStep<CudaStep>;

export interface GeneratedKernel {
  /** With `NAME` for the kernel's name, so that equal kernels are equal texts. */
  readonly text: string;
  readonly blocks: number;
  readonly threads: number;
  readonly args: readonly Ref[];
}

/** Steps with the same text follow each other, `blocks` for each. */
interface Range {
  readonly text: string;
  readonly blocks: number;
  readonly instances: (readonly Ref[])[];
}

const bodyOf = (step: Placed, crew: Crew): Body =>
  step.op === "map" ? mapBody(step, crew) : reduceBody(step, crew);

/** One body that does wave after wave. */
function chainBody(chain: readonly (readonly Placed[])[], threads: number): Body {
  const args: Ref[] = [];
  const waves = chain.map((wave) =>
    wave.flatMap((step) => {
      const body = bodyOf(step, { threads, blocks: 1 });
      const first = args.length;
      args.push(...body.args);
      const table = first === 0 ? [] : [`void* const* const p = all + ${first};`];
      return ["{", ...indent([...table, ...body.text.split("\n")]), "}"];
    }),
  );
  const text = [
    "void* const* const all = p;",
    ...waves.flatMap((wave, i) => (i === 0 ? wave : ["__syncthreads();", ...wave])),
  ].join("\n");
  return { text, args, blocks: 1 };
}

function ranges(bodies: readonly Body[]): Range[] {
  const known = new Map<string, Range>();
  for (const { text, blocks, args } of bodies) {
    const key = `${blocks}:${text}`;
    const range = known.get(key) ?? { text, blocks, instances: [] };
    range.instances.push(args);
    known.set(key, range);
  }
  return [...known.values()];
}

interface Call {
  readonly body: number;
  readonly range: Range;
  readonly firstBlock: number;
  readonly firstPointer: number;
}

function callText({ body, range, firstBlock, firstPointer }: Call): string {
  const block = firstBlock === 0 ? "block" : `block - ${firstBlock}`;
  const { blocks, instances } = range;
  if (instances.length === 1) return `NAME_${body}(p + ${firstPointer}, ${block}, scratch);`;
  const size = (instances[0] as readonly Ref[]).length;
  return `NAME_${body}(p + ${firstPointer} + (${block}) / ${blocks} * ${size}, (${block}) % ${blocks}, scratch);`;
}

/** Finds the range of a block by halving. */
function dispatch(calls: readonly Call[]): string[] {
  if (calls.length === 1) return [callText(calls[0] as Call)];
  const half = calls.length >> 1;
  return [
    `if (block < ${calls[half]?.firstBlock}) {`,
    ...indent(dispatch(calls.slice(0, half))),
    "} else {",
    ...indent(dispatch(calls.slice(half))),
    "}",
  ];
}

export function generatedKernel(
  steps: readonly Placed[],
  chain: readonly (readonly Placed[])[],
): GeneratedKernel {
  const threads = steps.length === 0 ? LONE_BLOCK : BLOCK;
  const bodies = steps.map((step) => bodyOf(step, { threads, blocks: null }));
  const all = ranges(chain.length > 0 ? [chainBody(chain, threads), ...bodies] : bodies);
  let [block, pointer] = [0, 0];
  const calls = all.map((range, body): Call => {
    const call = { body, range, firstBlock: block, firstPointer: pointer };
    block += range.blocks * range.instances.length;
    pointer += range.instances.reduce((sum, args) => sum + args.length, 0);
    return call;
  });
  const shares = all.some(({ text }) => text.includes("scratch"));
  const text = [
    ...all.flatMap(({ text: lines }, body) => [
      `__device__ __forceinline__ void NAME_${body}(void* const* p, int block, double* scratch) {`,
      ...indent(lines.split("\n")),
      "}",
    ]),
    `extern "C" __global__ void __launch_bounds__(${threads}) NAME(Pointers<${pointer}> pointers) {`,
    ...indent([
      shares ? `__shared__ double scratch[${threads}];` : "double* const scratch = nullptr;",
      "const int block = static_cast<int>(blockIdx.x);",
      "void* const* const p = pointers.at;",
      ...dispatch(calls),
    ]),
    "}",
  ].join("\n");
  return { text, blocks: block, threads, args: all.flatMap((r) => r.instances.flat()) };
}
