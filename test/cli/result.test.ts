/** What is left of a run that an error ended. */
import { expect, test } from "vitest";
import { brokenOutcome } from "../../lib/cli/result.js";
import type { RunSettings } from "../../lib/cli/settings.js";
import { windowReport } from "../study/window-report.js";

test("a window that began again counts once, by its last report, and so do those after it", () => {
  const tangents = { decay: 1, memory: 100, norm: 1, clipped: 1, reset: 1 };
  const replaced = { fallback: "so", tangents, test: { loss: 9, accuracy: 0.1 } };
  const windows = [
    windowReport(1),
    windowReport(2, replaced),
    windowReport(3, replaced),
    windowReport(2, { rewinds: 2 }),
  ];
  const settings = { lr: 0.1, momentum: 0.9, weightDecay: 1e-4 } as RunSettings;
  const { result, schedule } = brokenOutcome(new Error("out"), windows, { settings, folder: "/" });
  expect(result).toMatchObject({ windows: 2, fallbacks: 0, clips: 0, resets: 0, rewinds: 2 });
  expect(result).toMatchObject({ steps: windows[3]?.step, test: null });
  expect(schedule?.map(({ step }) => step)).toEqual([0, windows[0]?.step]);
});
