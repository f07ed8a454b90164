import { defineConfig, type Options } from "tsup";

const library = { index: "lib/index.ts", "koopman/index": "lib/koopman/index.ts" };

const common: Options = {
  outDir: "dist",
  target: "node20",
  platform: "node",
  // Entries share their modules, so that a class means the same in `glocal` and `glocal/koopman`.
  splitting: true,
  // Gives CommonJS an `import.meta.url`, by which the addon is found.
  shims: true,
  dts: { entry: library },
};

export default defineConfig([
  { ...common, entry: { ...library, "cli/main": "lib/cli/main.ts" }, format: "esm" },
  { ...common, entry: library, format: "cjs" },
]);
