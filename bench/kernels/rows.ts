/** Batches of examples gathered by index. */
import type { GatherStep, Program, Ref } from "../../lib/lower/program.js";
import type { KernelCase } from "./case.js";

const ROWS = 54_000;
const ROW = 784;
/** So many different batches in a row: a batch whose rows are in the caches already would be no test. */
const BATCHES = 64;

const slot = (index: number, offset = 0): Ref => ({ space: "slot", slot: index, offset });

function gatherCase(count: number): KernelCase {
  const step = (batch: number): GatherStep => ({
    op: "gather",
    dtype: "float32",
    count,
    rows: ROWS,
    rowSize: ROW,
    lanes: 1,
    index: slot(1, 4 * count * batch),
    table: { ref: slot(0), laneStride: 0 },
    out: { ref: slot(2), laneStride: 0 },
  });
  const program: Program = {
    name: "case",
    arenaBytes: 0,
    slots: [
      { name: "table", dtype: "float32", bytes: 4 * ROWS * ROW },
      { name: "index", dtype: "int32", bytes: 4 * count * BATCHES },
      { name: "rows", dtype: "float32", bytes: 4 * count * ROW },
    ],
    steps: Array.from({ length: BATCHES }, (_, batch) => step(batch)),
  };
  return {
    group: "gather",
    name: "rows by index",
    shape: `${count} of ${ROWS}×${ROW}`,
    program,
    work: { bytes: 4 * count * (2 * ROW + 1) },
    times: BATCHES,
  };
}

export const gatherCases = (): KernelCase[] => [gatherCase(128)];
