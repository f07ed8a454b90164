import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { rowNames } from "../../bench/arguments.js";
import { CONTESTS, ROW_NAMES } from "../../bench/peer-rows.js";
import {
  excessOf,
  figure,
  type PeerRow,
  peerTable,
  ratioOf,
  verdictOf,
} from "../../bench/peer-table.js";

const row = (more: Partial<PeerRow>): PeerRow => ({
  name: "none",
  what: "LeNet, no tuning",
  unit: "ms",
  ours: 3,
  rivals: { torch: 4, jax: 9 },
  target: { rival: "torch", share: 1 / 2 },
  floorMs: 1.3,
  ...more,
});

describe("a row", () => {
  test("is compared with the rival that its target names", () => {
    expect(ratioOf(row({}))).toBe(0.75);
    expect(ratioOf(row({ target: { rival: "jax", share: 1 / 3 } }))).toBeCloseTo(1 / 3);
  });

  test.each([
    [{ ours: 2 }, "met"],
    [{ ours: 3 }, "missed by 50 %"],
    [{ ours: 2.001 }, "missed by 1 %"],
    [{ ours: 600, target: { below: 500 } }, "missed by 20 %"],
    [{ ours: 400, target: { below: 500 } }, "met"],
    [{ rivals: { jax: 9 } }, "–"],
  ])("with %o is %s", (more, verdict) => {
    expect(verdictOf(row(more))).toBe(verdict);
  });

  test("says nothing without its rival", () => {
    expect(excessOf(row({ rivals: {} }))).toBeNull();
  });
});

test.each([
  [0.0512, "0.0512"],
  [3.456, "3.46"],
  [45.67, "45.7"],
  [1234.5, "1235"],
])("%d is shown as %s", (value, text) => {
  expect(figure(value)).toBe(text);
});

test("the table has a line for each row, with dashes where nothing was measured", () => {
  const memory = row({
    what: "memory",
    unit: "MB",
    ours: 300,
    rivals: {},
    target: { below: 500 },
    floorMs: null,
  });
  const cells = peerTable([row({}), memory])
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells).toEqual([
    [
      "",
      "LeNet, no tuning, ms",
      "3.00",
      "4.00",
      "9.00",
      "–",
      "0.75",
      "≤ 1/2 torch",
      "missed by 50 %",
      "1.30",
      "",
    ],
    ["", "memory, MB", "300", "–", "–", "–", "–", "< 500 MB", "met", "–", ""],
  ]);
});

test("every contest has the rival that its target names, and a name of its own", () => {
  for (const { rivals, target } of CONTESTS) expect(rivals[target.rival]).toBeDefined();
  expect(new Set(ROW_NAMES).size).toBe(ROW_NAMES.length);
});

test("rows are chosen by name", () => {
  expect(rowNames("none, memory")).toEqual(["none", "memory"]);
  expect(() => rowNames("none,all")).toThrow(InvalidArgumentError);
});
