/** The examples run as they are, each in a process of its own, and say what they should. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

async function output(name: string, ...args: string[]): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    "tsx",
    file,
    ...args,
  ]);
  return stdout;
}

test("tune: LeNet on MNIST prints a line a window and its test accuracy", async () => {
  const lines = (await output("tune.ts", "10")).trim().split("\n");
  expect(lines.length).toBe(2);
  expect(lines[0]).toMatch(/^10 0\.0\d+ \d\.\d+$/);
  expect(lines[1]).toMatch(/^test accuracy 0\.\d+$/);
});

test("reweight: wrong labels lose their weight, right ones keep it", async () => {
  const numbers = (await output("reweight.ts")).match(/\d\.\d{3}/g) ?? [];
  const [right, wrong] = numbers.map(Number);
  expect(right).toBeGreaterThan(0.7);
  expect(wrong).toBeLessThan(0.3);
});

test("basics: norm, gradients, a directional derivative and a root", async () => {
  const text = await output("basics.ts");
  const numbers = (text.match(/-?\d+(\.\d+)?$|-?\d+\.\d+/gm) ?? []).map(Number);
  const expected = [5, 0.6, 0.8, 5, 0.6, 0.8, 0.6, 2 ** (1 / 3)];
  expect(numbers.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(numbers[i]).toBeCloseTo(value, 12);
  });
});
