/** What programs cost before anything is compiled. */
import { expect, test } from "vitest";
import { scratchBytes } from "../../lib/lower/cost.js";
import type { BlocksStep, Program } from "../../lib/lower/program.js";

const program = (arenaBytes: number, ...steps: BlocksStep[]): Program => ({
  ...{ name: "test", slots: [] },
  arenaBytes,
  steps,
});

const blocks = (parts: number, arenaBytes: number): BlocksStep => ({
  ...{ op: "blocks", blocks: 2 * parts, slots: [] },
  parts,
  program: program(arenaBytes),
});

test("scratch memory is the arena, and one more for each thread that runs blocks", () => {
  expect(scratchBytes(program(100), 4)).toBe(100);
  expect(scratchBytes(program(100, blocks(16, 10)), 4)).toBe(140);
  expect(scratchBytes(program(100, blocks(2, 10)), 4)).toBe(120);
  expect(scratchBytes(program(100, blocks(16, 10), blocks(2, 30)), 4)).toBe(160);
});
