/** How long a study takes to start: with an empty cache of kernels, then with what the first left there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Start } from "../own/start.js";
import { median } from "../statistics.js";
import type { Attempts } from "./attempts.js";
import { runOurs, type Setting } from "./turns.js";

export interface Starts {
  readonly cold: Start;
  readonly warm: Start;
}

const middle = (starts: readonly Start[]): Start => ({
  compiledMs: median(starts.map((s) => s.compiledMs)),
  firstWindowMs: median(starts.map((s) => s.firstWindowMs)),
});

/** The caches of kernels: ours, and the driver's own of what it compiles. */
const cachesIn = (folder: string) => ({
  XDG_CACHE_HOME: folder,
  CUDA_CACHE_PATH: join(folder, "driver"),
});

export async function measureStarts(
  repeat: number,
  setting: Setting,
  attempts: Attempts,
): Promise<Starts | null> {
  const [cold, warm]: [Start[], Start[]] = [[], []];
  for (let round = 1; round <= repeat; round++) {
    const folder = mkdtempSync(join(tmpdir(), "glocal-start-"));
    const start = () => runOurs<Start>("own/start.ts", {}, setting, cachesIn(folder));
    try {
      const first = await attempts.try("cold start", start);
      if (!first) continue;
      cold.push(first);
      const second = await attempts.try("warm start", start);
      if (second) warm.push(second);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return warm.length > 0 ? { cold: middle(cold), warm: middle(warm) } : null;
}
