import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.{ts,mjs}"],
    // What needs a GPU runs by itself, on machines that have one.
    exclude: ["test/gpu/**", "test/package/**"],
    // A worker thread that is torn down would take the addon's threads with it; a process ends cleanly.
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
