import { expect, test } from "vitest";
import { table } from "../../bench/markdown.js";

test("columns line up: the first to the left, the others to the right", () => {
  expect(
    table(
      ["method", "ms"],
      [
        ["none", "4.0"],
        ["glocal", "100.25"],
      ],
    ),
  ).toBe(
    [
      "| method |     ms |",
      "| ------ | -----: |",
      "| none   |    4.0 |",
      "| glocal | 100.25 |",
    ].join("\n"),
  );
});
