import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { count, methods, numbers } from "../../bench/arguments.js";

test("lists have commas", () => {
  expect(numbers("0.01,0.1")).toEqual([0.01, 0.1]);
  expect(methods("none, glocal")).toEqual(["none", "glocal"]);
  expect(count("3")).toBe(3);
});

test.each([
  () => count("0"),
  () => count("1.5"),
  () => count("many"),
  () => numbers("1,,2"),
  () => numbers("1;2"),
  () => methods("local,global"),
])("refuses %s", (parse) => {
  expect(parse).toThrow(InvalidArgumentError);
});
