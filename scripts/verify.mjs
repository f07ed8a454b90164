/**
 * Everything that continuous integration checks, in one command: sets up, runs every check even after one has failed,
 * and ends with the line `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fashionMnist } from "./setup/fashion-mnist.mjs";
import { nvidiaToolkit } from "./setup/nvidia.mjs";
import { makeAddon, makeDist, provideAll, ROOT, thisMachine } from "./setup.mjs";
import { testCounts } from "./verify/counts.mjs";

const REPORT = join(ROOT, ".cache", "verify", "vitest.json");
const TARBALL = join(ROOT, ".cache", "package", `glocal-${version()}.tgz`);

function version() {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
}

/** In an order in which each finds what it needs: the binary before the package that holds it. */
const CHECKS = [
  { name: "lint and format of TypeScript", command: ["npm", "run", "lint"] },
  { name: "format of C++", command: ["npm", "run", "check:format-native"] },
  { name: "types, type tests included", command: ["npm", "run", "typecheck"] },
  { name: "layers", command: ["npm", "run", "check:layers"] },
  { name: "declarations of CUDA", command: ["node", "scripts/check-cuda-headers.mjs"] },
  { name: "fixed CUDA kernels for every chip", command: ["npm", "run", "check:cuda-kernels"] },
  {
    name: "generated CUDA kernels for every chip",
    command: ["npm", "run", "check:generated-kernels"],
  },
  { name: "prebuilt binary", command: ["npm", "run", "prebuild"] },
  { name: "what the binary needs and exports", command: ["npm", "run", "check:binary"] },
  { name: "packing", command: ["node", "scripts/pack.mjs"] },
  { name: "exports (publint)", command: ["node_modules/.bin/publint", "run", TARBALL, "--strict"] },
  {
    name: "types for every importer (attw)",
    command: ["node_modules/.bin/attw", TARBALL, "--profile", "node16"],
  },
  {
    name: "installation, without and with a compiler",
    command: ["npm", "run", "check:package", "--", TARBALL],
  },
];

/** @param {string[]} command @param {Record<string, string>} env */
function succeeds([program = "node", ...args], env = {}) {
  const { status } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  return status === 0;
}

/** @param {string} name @param {() => boolean} work */
function timed(name, work) {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const passed = work();
  return { name, passed, seconds: (performance.now() - start) / 1000 };
}

/** @param {Record<string, string>} env */
function runTests(env) {
  rmSync(REPORT, { force: true });
  mkdirSync(join(REPORT, ".."), { recursive: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  const result = timed("tests (vitest)", () =>
    succeeds(["node_modules/.bin/vitest", "run", ...reporters], env),
  );
  const report = existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, "utf8")) : undefined;
  return { result, counts: testCounts(report, result.passed) };
}

/**
 * @param {ReturnType<typeof runTests>} tests
 * @param {ReturnType<typeof timed>[]} checks
 */
function report({ result, counts }, checks) {
  console.log("\nChecks");
  for (const { name, passed, seconds } of [...checks, result]) {
    console.log(`  ${passed ? "passed" : "FAILED"}  ${name} (${seconds.toFixed(1)} s)`);
  }
  const { passed, failed, skipped, files } = counts;
  console.log(`Tests: ${passed} passed, ${failed} failed, ${skipped} skipped in ${files} files`);
  const failedChecks = checks.filter((check) => !check.passed).length;
  return { passed: passed + checks.length - failedChecks, failed: failed + failedChecks };
}

/** A build that fails is one failure among others: the checks that do not need it still tell something. @param {() => void} build */
function built(build) {
  try {
    build();
    return true;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}

function verify() {
  console.log("Setting up");
  provideAll(ROOT);
  const fashion = fashionMnist(ROOT, thisMachine());
  console.log(`  Fashion-MNIST: ${fashion.line}`);
  const nvidia = nvidiaToolkit(ROOT, thisMachine());
  console.log(`  NVIDIA's headers and compiler: ${nvidia.line}`);
  const env = { ...fashion.env, ...nvidia.env };
  const builds = [
    timed("build of the addon", () => built(() => makeAddon(ROOT))),
    timed("build of the bundle", () => built(() => makeDist(ROOT))),
  ];
  const tests = runTests(env);
  const checks = CHECKS.map(({ name, command }) => timed(name, () => succeeds(command, env)));
  return report(tests, [...builds, ...checks]);
}

function verifyOrExplain() {
  try {
    return verify();
  } catch (error) {
    console.error(`\n${error.message}`);
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = verifyOrExplain();
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
