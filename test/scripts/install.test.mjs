import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashOf } from "../../scripts/hash.mjs";
import { missingMessage } from "../../scripts/install.mjs";
import { findOpenBlas, missingBuildTools, missingForBuild } from "../../scripts/native-tools.mjs";

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "glocal-install-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name) {
  writeFileSync(join(folder, name), "#!/bin/sh\n", { mode: 0o755 });
}

describe("what a build of the addon needs", () => {
  test("an empty PATH lacks everything", () => {
    const debian = missingBuildTools({ PATH: folder }).map((tool) => tool.debian);
    expect(debian).toEqual(["cmake", "g++", "make"]);
  });

  test("any compiler and either build program will do", () => {
    for (const name of ["cmake", "clang++", "ninja"]) program(name);
    expect(missingBuildTools({ PATH: folder })).toEqual([]);
  });

  test("a chosen OpenBLAS is found in its folder or in lib below it, and nowhere else", () => {
    const env = { PATH: folder, GLOCAL_OPENBLAS_DIR: folder };
    expect(findOpenBlas("/nowhere", env)).toBeUndefined();
    expect(missingForBuild("/nowhere", env).map((tool) => tool.debian)).toContain(
      "libopenblas-dev",
    );
    mkdirSync(join(folder, "lib"));
    writeFileSync(join(folder, "lib", "libopenblas.a"), "");
    expect(findOpenBlas("/nowhere", env)).toBe(join(folder, "lib"));
  });

  test("the message says what is missing and the one command that mends it", () => {
    const missing = [
      { what: "CMake", debian: "cmake" },
      { what: "a C++20 compiler", debian: "g++" },
    ];
    const where = { platform: "linux", arch: "arm64", checkout: false };
    const message = missingMessage("No native build was found", missing, where);
    expect(message).toContain("linux-arm64");
    expect(message).toContain("No native build was found");
    expect(message).toContain("CMake, a C++20 compiler");
    expect(message).toContain("sudo apt-get install -y cmake g++ && npm rebuild glocal");
    const inCheckout = missingMessage("No native build", missing, { ...where, checkout: true });
    expect(inCheckout).toMatch(/\n {2}npm run setup$/);
  });
});

describe("the hash that a build is remembered by", () => {
  test("changes with content, names and settings, and with nothing else", () => {
    mkdirSync(join(folder, "native"));
    writeFileSync(join(folder, "native", "a.cc"), "a");
    const hash = () => hashOf(folder, ["native", "absent"], ["setting"]);
    const first = hash();
    expect(hash()).toBe(first);
    expect(hashOf(folder, ["native"], ["another"])).not.toBe(first);
    writeFileSync(join(folder, "native", "a.cc"), "b");
    expect(hash()).not.toBe(first);
    writeFileSync(join(folder, "native", "a.cc"), "a");
    expect(hash()).toBe(first);
    writeFileSync(join(folder, "native", "b.cc"), "");
    expect(hash()).not.toBe(first);
  });
});
