/**
 * `npm run test:gpu`: the tests that can use a GPU on this machine's own, then compute-sanitizer over a short training.
 * Ends with the line `N passed, N failed, N skipped`; with code 1 and the reason where no GPU can be used.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDist, distBuildReason } from "./build-dist.mjs";
import { runVisibly } from "./build-native.mjs";
import { hasSanitizer, sanitize, TOOLS } from "./gpu/sanitizer.mjs";
import { gpuTestFiles } from "./gpu/test-files.mjs";
import { findGpu, probeOf } from "./gpu/usable.mjs";
import { testCounts } from "./verify/counts.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LIBRARY = join(ROOT, "dist", "index.js");
const REPORT = join(ROOT, ".cache", "gpu", "vitest.json");

/** The bundle is built where it is missing or old; a machine without the tools for that takes what it was given. */
function provideDist() {
  const reason = distBuildReason(ROOT);
  if (reason === undefined) return;
  if (existsSync(join(ROOT, "node_modules", "tsup"))) {
    console.log(`Building dist/: ${reason}`);
    buildDist(ROOT, runVisibly);
  } else if (existsSync(LIBRARY)) {
    console.log(`dist/ is taken as it is (${reason}, and tsup is not here)`);
  } else {
    throw new Error("Expected dist/, built by npm run build:dist, but there is none.");
  }
}

/** @param {NodeJS.ProcessEnv} env */
function runTests(env) {
  const files = gpuTestFiles(ROOT);
  console.log(`Tests on the GPU:\n${files.map((file) => `  ${file}`).join("\n")}`);
  rmSync(REPORT, { force: true });
  mkdirSync(dirname(REPORT), { recursive: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  // One file at a time: they share the GPU's memory.
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", ...reporters, "--no-file-parallelism", ...files],
    { cwd: ROOT, stdio: "inherit", env },
  );
  const report = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, "utf8")) : undefined;
  return testCounts(report, status === 0);
}

/** @param {NodeJS.ProcessEnv} env */
function runSanitizer(env) {
  if (!hasSanitizer(env)) {
    console.log("compute-sanitizer is not here (it comes with the CUDA toolkit): skipped.");
    return { passed: 0, failed: 0, skipped: TOOLS.length };
  }
  const command = [process.execPath, join(ROOT, "test", "gpu", "short-run.mjs")];
  const complaints = TOOLS.map((tool) => {
    console.log(`\n── compute-sanitizer ${tool}`);
    const what = sanitize(tool, command, env);
    console.log(what === "" ? `${tool}: clean` : `${tool}: NOT clean: ${what}`);
    return what;
  });
  const failed = complaints.filter((what) => what !== "").length;
  return { passed: complaints.length - failed, failed, skipped: 0 };
}

function run() {
  provideDist();
  const found = findGpu(probeOf(LIBRARY));
  if ("reason" in found) throw new Error(`No GPU can be used, so nothing ran: ${found.reason}`);
  console.log(`GPU: ${found.gpu}`);
  const env = { ...process.env, ...found.env, GLOCAL_TEST_GPU: "1" };
  const tests = runTests(env);
  const sanitizer = runSanitizer(env);
  return {
    passed: tests.passed + sanitizer.passed,
    failed: tests.failed + sanitizer.failed,
    skipped: tests.skipped + sanitizer.skipped,
  };
}

try {
  const { passed, failed, skipped } = run();
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
} catch (error) {
  console.error(`test:gpu: ${error.message}`);
  process.exitCode = 1;
}
