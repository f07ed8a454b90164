import { expect, test } from "vitest";
import { type Counter, keyOf, philox4x32 } from "../../lib/ir/philox.js";

const ones = 0xffffffff;

// The known answers that the authors of Philox publish with their library Random123.
test.each<[string, Counter, [number, number], number[]]>([
  ["zeros", [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    "ones",
    [ones, ones, ones, ones],
    [ones, ones],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    "digits of pi",
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
])("philox4x32-10 gives the published words for %s", (_name, counter, key, expected) => {
  const words = new Uint32Array(4);
  philox4x32(counter, key, words);
  expect([...words]).toEqual(expected);
});

test("a seed fills both words of the key", () => {
  expect(keyOf(7)).toEqual([7, 0]);
  expect(keyOf(2 ** 32 + 5)).toEqual([5, 1]);
  expect(keyOf(Number.MAX_SAFE_INTEGER)).toEqual([0xffffffff, 0x1fffff]);
});
