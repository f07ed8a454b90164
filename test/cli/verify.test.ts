/** `glocal verify`: its table, JSON and plots. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { main } from "../../lib/cli/cli.js";
import { loadVerifying } from "../../lib/cli/library.js";
import { GlocalError } from "../../lib/errors.js";
import { FakeIo, fakeLibrary } from "./harness.js";

let io: FakeIo;
beforeEach(() => {
  io = new FakeIo();
});

const verify = (line: string, verifying = loadVerifying) =>
  main(["verify", ...line.split(" ").filter(Boolean)], io, async () => fakeLibrary(), verifying);

describe("glocal verify", () => {
  test("prints a table, and leaves a JSON and a plot", async () => {
    expect(await verify("quadratic --quick --out here")).toBe(0);
    for (const part of ["a quadratic of 20 parameters", "glocal.paper()", "rel. error"])
      expect(io.stdout.text).toContain(part);
    const [result] = JSON.parse(readFileSync(join(io.cwd, "here", "verification.json"), "utf8"));
    expect(result).toMatchObject({ problem: "quadratic", ceiling: null });
    expect(result.truths.length).toBe(2);
    expect(result.comparisons.length).toBe(2 * result.summary.length);
    const svg = readFileSync(join(io.cwd, "here", "quadratic.svg"), "utf8");
    expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
    expect(svg).toContain("cosine");
  });

  test("with --json prints that and nothing else", async () => {
    expect(await verify("logistic --quick --json")).toBe(0);
    expect(JSON.parse(io.stdout.text)).toMatchObject([{ problem: "logistic" }]);
    expect(io.stderr.text).toContain("logistic regression");
  });

  test("does without the plot where ECharts is not installed, and says so", async () => {
    const without = async () => ({
      ...(await loadVerifying()),
      plot: async () => {
        throw new GlocalError("GLOCAL_BAD_OPTION", { expected: "ECharts", received: "none" });
      },
    });
    expect(await verify("quadratic --quick --out here", without)).toBe(0);
    expect(io.stderr.text).toContain("no plot: Expected ECharts");
    expect(() => readFileSync(join(io.cwd, "here", "quadratic.svg"))).toThrow();
  });

  test("refuses a folder that cannot be one before it computes anything", async () => {
    writeFileSync(join(io.cwd, "here"), "");
    const computing = async () => ({
      ...(await loadVerifying()),
      verifyProblem: () => expect.fail("computed"),
    });
    for (const out of ["here", "here/inside"]) {
      expect(await verify(`quadratic --quick --out ${out}`, computing)).toBe(1);
      expect(io.stderr.text).toMatch(/GLOCAL_BAD_OPTION.*a folder for the results.*--out/s);
    }
  });

  test("refuses problems that there are not", async () => {
    expect(await verify("cubic")).toBe(2);
    expect(io.stderr.text).toMatch(/'cubic' is invalid.*quadratic, logistic, mlp/);
  });
});
