import { describe, expect, test } from "vitest";
import { startProgress } from "../../lib/cli/progress.js";
import { windowReport } from "../study/window-report.js";
import { FakeOutput } from "./harness.js";

describe("progress without a terminal", () => {
  test("is a line now and then, at the end, and wherever there is a test", () => {
    const output = new FakeOutput();
    const progress = startProgress(output, 5000);
    for (let window = 1; window <= 100; window++) {
      const test = { loss: 0.5, accuracy: 0.875 };
      progress.update(windowReport(window, window === 8 ? { test } : {}));
    }
    progress.stop();
    const lines = output.text.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(lines[0]).toBe(
      "step 50/5000, 100 steps/s, 50s left, train 2, validation 2.1, lr 0.01, momentum 0.9, weightDecay 0.0001",
    );
    expect(lines.find((line) => line.startsWith("step 400/"))).toContain("test accuracy 87.50 %");
    expect(lines.at(-1)).toMatch(/^step 5000\/5000, 100 steps\/s, 0s left/);
  });

  test("tells the rate of the whole run, not of the last window alone", () => {
    const output = new FakeOutput();
    const progress = startProgress(output, 100);
    progress.update(windowReport(1, { msPerStep: 30 }));
    progress.update(windowReport(2, { msPerStep: 10 }));
    expect(output.text).toMatch(/step 50\/100, 33.33 steps\/s, 2s left/);
    expect(output.text).toMatch(/step 100\/100, 50 steps\/s, 0s left/);
  });
});

describe("progress on a terminal", () => {
  test("is a bar with rate, time left and the latest figures, and ends with a newline", async () => {
    const output = new FakeOutput(true, 200);
    const progress = startProgress(output, 100);
    progress.advance(7);
    // The bar is drawn ten times a second.
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(output.text).toContain("7/100");
    progress.update(windowReport(1));
    progress.update(windowReport(2));
    progress.stop();
    const shown = output.text;
    progress.advance(8);
    progress.update(windowReport(3));
    progress.stop();
    expect(output.text).toBe(shown);
    expect(output.text).toContain("100/100 100 steps/s, 0s left train 1, validation 1.05, lr 0.02");
    expect(output.text).toContain("█");
    expect(output.text.endsWith("\n")).toBe(true);
  });
});
