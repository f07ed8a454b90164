/** Decides whether a graph's batch is run in blocks, and lowers the regions for them. */
import type { Graph } from "../../ir/graph.js";
import { BYTES, sizeOf } from "../../ir/types.js";
import { programCost } from "../cost.js";
import type { Lower, LowerOptions } from "../options.js";
import { cutRegions, type Region } from "./cut.js";
import { type BlockSizes, chooseBlocks, type Refusal } from "./sizes.js";
import type { RegionProgram } from "./steps.js";

export interface CutProgram {
  readonly graph: Graph;
  readonly regions: ReadonlyMap<Region, RegionProgram>;
}

/** The graph as it is, without regions, where blocks are not asked for or would not pay. */
export function lowerRegions(graph: Graph, options: LowerOptions, lower: Lower): CutProgram {
  const whole = { graph, regions: new Map<Region, RegionProgram>() };
  const { batch = [], blocks, lanes = 1 } = options;
  const cut = batch.length > 0 && blocks !== false ? cutRegions(graph, batch) : undefined;
  if (!cut) return whole;
  const { examples } = cut;
  const program = (region: Region, size: number) => {
    const { graph: inner, donate } = region.build(size);
    const name = `${options.name}, blocks of ${size}`;
    const { merge = true, shareMemory = true } = options;
    return lower(inner, { name, lanes, donate, merge, shareMemory });
  };
  const sizesOf = (region: Region): BlockSizes | Refusal => {
    if (blocks) return blocks;
    const one = program(region, 1).program;
    const sums = region.results.filter((r) => r.kind === "sum").map((r) => r.type);
    return chooseBlocks({
      examples,
      exampleBytes: one.arenaBytes,
      exampleFlops: programCost(one).flops,
      sumBytes: sums.reduce(
        (n, t) => n + BYTES[t.dtype] * sizeOf(t.shape) * (t.laned ? lanes : 1),
        0,
      ),
    });
  };
  const sizes = cut.regions.map(sizesOf);
  if (sizes.includes("large examples") || sizes.every((s) => s === "little work")) return whole;
  const regions = cut.regions.map((region, i): [Region, RegionProgram] => {
    const wanted = sizes[i] as BlockSizes | "little work";
    const chosen = wanted === "little work" ? { size: examples, parts: 1 } : wanted;
    const lowered = program(region, chosen.size);
    return [
      region,
      {
        region,
        program: lowered.program,
        resultSlots: lowered.outputSlots,
        sizes: chosen,
        examples,
      },
    ];
  });
  return { graph: cut.graph, regions: new Map(regions) };
}
