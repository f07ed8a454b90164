/** Where a window's states do not fit the memory, reverse mode keeps checkpoints and trains again between them. */
import { expect, test, vi } from "vitest";
import { glocal } from "../../lib/index.js";
import { Device } from "../../lib/runtime/device.js";
import { linearProblem, run } from "./support.js";

async function numbers(bytes: number) {
  vi.spyOn(Device.prototype, "memoryBytes", "get").mockReturnValue(bytes);
  // 17 steps are windows of 10 and of 7, and neither is a whole number of stretches.
  const hypergradient = glocal({ window: 10, last: 7, stacks: 2 });
  const { windows, result } = await run(
    linearProblem({ mode: "reverse", hypergradient, steps: 17 }),
  );
  return { windows: windows.map(({ msPerStep: _, ...window }) => window), state: result.state };
}

test.each([
  ["no window", 1],
  // The state is 24 bytes and may take a quarter of the memory.
  ["the shorter window only", 4 * 7 * 24],
])("memory for %s changes no bit", async (_, bytes) => {
  expect(await numbers(bytes)).toEqual(await numbers(2 ** 33));
});
