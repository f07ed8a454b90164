import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { wheelEnvironment, wheelFolders } from "../../scripts/gpu/libraries.mjs";
import { complaint, sanitizerArguments } from "../../scripts/gpu/sanitizer.mjs";
import { gpuTestFiles } from "../../scripts/gpu/test-files.mjs";
import { findGpu } from "../../scripts/gpu/usable.mjs";

describe("NVIDIA's libraries in Python's packages", () => {
  test("are named unless GLOCAL_CUDA_PATH says something", () => {
    const folders = () => ["/a/lib", "/b/lib"];
    expect(wheelEnvironment({}, folders)).toEqual({ GLOCAL_CUDA_PATH: "/a/lib:/b/lib" });
    expect(wheelEnvironment({ GLOCAL_CUDA_PATH: "/mine" }, folders)).toEqual({});
    expect(wheelEnvironment({}, () => [])).toEqual({});
  });

  test("are none without a Python", () => {
    expect(wheelFolders("/no/such/python")).toEqual([]);
  });
});

describe("the GPU", () => {
  const gpus = [{ name: "H100", computeCapability: "9.0" }];

  test("is found without help, or with the wheels", () => {
    const wheels = () => ({ GLOCAL_CUDA_PATH: "/wheels" });
    expect(findGpu(() => ({ usable: true, reason: "", gpus }), wheels)).toEqual({
      gpu: "H100, compute capability 9.0",
      env: {},
    });
    const onlyWithWheels = (env) => ({ usable: "GLOCAL_CUDA_PATH" in env, reason: "none", gpus });
    expect(findGpu(onlyWithWheels, wheels)).toMatchObject({ env: wheels() });
  });

  test("or there is a reason", () => {
    expect(
      findGpu(
        () => ({ usable: false, reason: "no driver" }),
        () => ({}),
      ),
    ).toEqual({ reason: "no driver" });
  });
});

describe("compute-sanitizer", () => {
  test("is asked for a code of its own", () => {
    expect(sanitizerArguments("racecheck", ["node", "a.mjs"])).toEqual([
      ...["--tool", "racecheck", "--error-exitcode", "86", "node", "a.mjs"],
    ]);
  });

  test.each([
    [0, "========= ERROR SUMMARY: 0 errors", ""],
    [0, "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)", ""],
    [86, "========= ERROR SUMMARY: 3 errors", "========= ERROR SUMMARY: 3 errors"],
    [1, "Error: device not supported", "it ended with code 1"],
  ])("that ends with %d and %j", (status, output, expected) => {
    expect(complaint(status, `text\n${output}\n`)).toBe(expected);
  });

  test.each(["nothing", "========= RACECHECK SUMMARY: 2 hazards displayed (0 errors, 2 warnings)"])(
    "is not clean by its code alone: %j",
    (output) => {
      expect(complaint(0, output)).toMatch(/expected a summary/);
    },
  );
});

describe("test files that can use a GPU", () => {
  let root;
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "glocal-gpu-files-"));
    write("test/cuda/device.ts", 'import { a } from "../../lib/a.js";');
    write("lib/a.ts", "");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test("reach test/cuda/device.ts, themselves or through others", () => {
    write("test/cuda/direct.test.ts", 'import { openCuda } from "./device.js";');
    write("test/far.test.ts", 'import {\n  x,\n} from "./helper/one.js";');
    write("test/helper/one.ts", 'import { y } from "./two.js";\nexport { x } from "./two.js";');
    write("test/helper/two.ts", 'import "./one.js";\nexport * from "../cuda/device.js";');
    write("test/cpu.test.ts", 'import { a } from "../lib/a.js";');
    write("test/cuda/only-mocked.test.ts", 'import { b } from "./support.js";');
    write("test/cuda/support.ts", "");
    expect(gpuTestFiles(root)).toEqual(["test/cuda/direct.test.ts", "test/far.test.ts"]);
  });
});
