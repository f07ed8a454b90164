import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { Attempts } from "../../bench/gpu/attempts.js";
import { entrantNames, minutes } from "../../bench/gpu/command.js";
import { ENTRANT_NAMES, entrants, twinOf } from "../../bench/gpu/entrants.js";
import { type DeviceEntry, findGpu } from "../../bench/gpu/gpu.js";
import { gpuReport } from "../../bench/gpu/report.js";
import {
  type GpuResult,
  type GpuRow,
  lanedStep,
  rowOf,
  secondsOf,
  timesOf,
  verdict,
} from "../../bench/gpu/result.js";
import { findGpuRival } from "../../bench/gpu/rival.js";
import { dataFolder } from "../../bench/gpu/run.js";
import { fastestForm, type JaxFigure, type Turns } from "../../bench/gpu/turns.js";
import { syntheticFashion } from "../../bench/synthetic.js";

const spreadOf = (median: number) => ({ min: 0.9 * median, median, max: 1.2 * median });

const jax = (ms: number): JaxFigure => ({
  msPerStep: spreadOf(ms),
  meanMsPerStep: 1.1 * ms,
  peakRssMb: 1,
  device: "gpu",
  versions: { jax: "1.2.3" },
});

describe("options", () => {
  test("name rows and minutes", () => {
    expect(entrantNames("none, wrn-tangents-tf32")).toEqual(["none", "wrn-tangents-tf32"]);
    expect(minutes("7.5")).toBe(7.5);
  });

  test.each([() => entrantNames("all"), () => minutes("0"), () => minutes(""), () => minutes("x")])(
    "are refused: %s",
    (parse) => {
      expect(parse).toThrow(InvalidArgumentError);
    },
  );
});

describe("rows", () => {
  test("have names of their own, and TF32 a twin in float32", () => {
    expect(new Set(ENTRANT_NAMES).size).toBe(ENTRANT_NAMES.length);
    expect(ENTRANT_NAMES.map(twinOf).every((name) => ENTRANT_NAMES.includes(name))).toBe(true);
  });

  test("time whole windows, and JAX the same steps in the same precision", () => {
    const [none] = entrants(120);
    expect(none).toMatchObject({ name: "none", steps: 150, own: { request: { windows: 3 } } });
    expect(none?.rival.args.join(" ")).toContain("--windows 3 --chunk 6000 --precision float32");
    const last = entrants(120).at(-1);
    expect(last).toMatchObject({ name: "wrn-tangents-tf32", target: null, steps: 20 });
    expect(last?.rival.args.join(" ")).toContain("--precision default");
  });
});

describe("looking for a GPU", () => {
  const none: DeviceEntry = { name: "cuda", usable: false, reason: "no driver" };
  const some: DeviceEntry = {
    name: "cuda",
    usable: true,
    reason: "",
    gpus: [{ name: "H100", computeCapability: "9.0", memoryBytes: 80 * 2 ** 30 }],
    libraries: { cublas: "/lib/libcublas.so.13" },
  };

  test("ends with the reason when there is none", async () => {
    await expect(
      findGpu(
        async () => [none],
        () => ({}),
      ),
    ).rejects.toThrow(/No GPU.*no driver/);
  });

  test("takes what is found without help", async () => {
    const { gpu, env } = await findGpu(
      async () => [some],
      () => ({ GLOCAL_CUDA_PATH: "/wheels" }),
      () => "580.1",
    );
    expect(env).toEqual({});
    expect(gpu).toMatchObject({ name: "H100", driver: "580.1" });
  });

  test("tries the libraries of Python's packages then", async () => {
    const wheels = { GLOCAL_CUDA_PATH: "/wheels" };
    const found = await findGpu(
      async (env) => [env["GLOCAL_CUDA_PATH"] ? some : none],
      () => wheels,
      () => "580.1",
    );
    expect(found.env).toEqual(wheels);
  });
});

describe("JAX", () => {
  test("counts as a rival only on the same kind of device", () => {
    expect(findGpuRival("gpu", {}, () => "gpu")).toEqual({ python: "python3", reason: "" });
    expect(findGpuRival("gpu", {}, () => "cpu")).toMatchObject({
      python: null,
      reason: expect.stringContaining("runs on cpu: no comparison"),
    });
    expect(findGpuRival("gpu", { GLOCAL_PEERS_PYTHON: "/p" }, () => null).reason).toMatch(
      /^\/p has no JAX/,
    );
  });

  test("is taken in its fastest form, by the fastest process of each", () => {
    const rivals = new Map([
      ["product", [jax(3), jax(2)]],
      ["lax", [jax(2.5)]],
    ]);
    expect(fastestForm({ ours: [], rivals })).toBe("product");
    expect(fastestForm({ ours: [], rivals: new Map() })).toBeUndefined();
  });
});

describe("attempts", () => {
  test("go on after a failure, and stop when time is up", async () => {
    let now = 0;
    const attempts = new Attempts(
      () => {},
      10,
      () => now,
    );
    expect(await attempts.try("first", async () => 1)).toBe(1);
    expect(await attempts.try("second", () => Promise.reject(new Error("broken")))).toBeUndefined();
    now = 10;
    expect(await attempts.try("third", async () => 3)).toBeUndefined();
    expect(attempts.failures).toEqual(["second: broken"]);
    expect(attempts.omitted).toEqual(["third"]);
  });
});

test.each([
  [2.5, 2, "atLeast", "met"],
  [1.6, 2, "atLeast", "missed by 25 %"],
  [3, 3, "atMost", "met"],
  [6, 3, "atMost", "missed by 100 %"],
  [null, 3, "atMost", "–"],
] as const)("%s for a target of %s (%s): %s", (value, target, direction, text) => {
  expect(verdict(value, target, direction)).toBe(text);
});

const programs = [
  { name: "step with 3 tangents", kernels: 48, arenaBytes: 5e6, flops: 2.7e9, bytes: 3e8 },
];

/** A row with made-up figures: ours takes 0.2 ms, JAX 0.9 ms at best. */
function rowNamed(name: string): GpuRow {
  const turns: Turns = {
    ours: [{ msPerStep: spreadOf(0.2), meanMsPerStep: 0.21, programs }],
    rivals: new Map([
      ["product", [jax(0.9)]],
      ["lax", [jax(1.4)]],
    ]),
  };
  const entrant = entrants(2_000).find((e) => e.name === name);
  if (!entrant) throw new Error(name);
  return rowOf(entrant, turns, entrant.gflop ?? 100);
}

const result = (more: Partial<GpuResult> = {}): GpuResult => ({
  machine: {
    date: "2026-12-01",
    cpu: "CPU",
    processors: 16,
    load: 0.1,
    node: "v20",
    glocal: "0.1.0",
  },
  gpu: {
    name: "NVIDIA H100",
    computeCapability: "9.0",
    memoryBytes: 80 * 2 ** 30,
    driver: "580.1",
    libraries: { cublas: "/wheels/libcublas.so.13" },
  },
  options: { steps: 2_000, repeat: 2, device: "cuda" },
  data: "synthetic",
  noRival: "",
  versions: { jax: "1.2.3" },
  rows: ENTRANT_NAMES.map(rowNamed),
  limits: { float32: { gflops: 50_000, gbps: 3_000 }, tf32: { gflops: 300_000, gbps: 3_000 } },
  starts: {
    cold: { compiledMs: 3_000, firstWindowMs: 6_000 },
    warm: { compiledMs: 200, firstWindowMs: 400 },
  },
  linalg: null,
  omitted: [],
  failures: [],
  ...more,
});

describe("what follows from figures", () => {
  test("times JAX from medians, seconds from means", () => {
    const row = rowNamed("glocal");
    expect(timesOf(row)).toBeCloseTo(4.5);
    expect(secondsOf(row.ours)).toBeCloseTo(4.2);
    expect(row.rival?.form).toBe("product");
  });

  test("launches come from LeNet's step with lanes", () => {
    expect(lanedStep([rowNamed("none")])).toBeUndefined();
    expect(lanedStep([rowNamed("glocal")])?.kernels).toBe(48);
  });
});

const line = (report: string, start: string) =>
  report
    .split("\n")
    .find((text) => text.startsWith(`| ${start}`))
    ?.split("|")
    .map((cell) => cell.trim())
    .slice(1, -1);

describe("the report", () => {
  const report = gpuReport(result());

  test("names the chip, the driver, the libraries and the date", () => {
    expect(report).toContain("2026-12-01 · CPU × 16");
    expect(report).toContain("NVIDIA H100, compute capability 9.0, 80 GiB · driver 580.1");
    expect(report).toContain("libcublas.so.13 · jax 1.2.3");
  });

  test("sets figures beside JAX, targets, the paper and the limits", () => {
    expect(line(report, "LeNet, glocal ")).toEqual([
      ...["LeNet, glocal", "0.200 (0.180–0.240)", "0.900", "product", "4.50"],
      ...["≥ 3", "met", "6.84", "68.4 %"],
    ]);
    const paper = report.slice(report.indexOf("s for 20,000 steps"));
    expect(line(paper, "LeNet, no tuning ")).toEqual([
      ...["LeNet, no tuning", "4.20", "≤ 3", "missed by 40 %", "19.8", "11.4"],
    ]);
    expect(line(report, "cold start")).toEqual(["cold start, s", "6.00", "< 5", "missed by 20 %"]);
    expect(line(report, "launches")).toEqual([
      ...["launches of a LeNet step with 3 lanes", "48", "< 60", "met"],
    ]);
    expect(report).toContain("2000 steps were timed, after warming up, and their mean scaled");
    expect(report).toContain("float32 products 50.0 TFLOP/s, TF32 products 300 TFLOP/s");
  });

  test("says what was left out, what failed and why there is no rival", () => {
    const rows = result().rows.map((row) => ({ ...row, ours: null, rival: null, forms: {} }));
    const poor = gpuReport(
      result({
        rows,
        limits: { float32: null, tf32: null },
        starts: null,
        noRival: "python3 has no JAX",
        omitted: ["wrn, ours"],
        failures: ["none, ours: broken"],
      }),
    );
    expect(poor).toContain("JAX did not run: python3 has no JAX");
    expect(poor).toContain("Left out, since time was up:\n\n* wrn, ours");
    expect(poor).toContain("Failed:\n\n* none, ours: broken");
    expect(line(poor, "cold start")).toEqual(["cold start, s", "–", "< 5", "–"]);
    expect(poor).not.toContain("NaN");
  });

  test("calls a rehearsal a rehearsal", () => {
    const rehearsal = gpuReport(
      result({ gpu: null, options: { steps: 100, repeat: 1, device: "cpu" } }),
    );
    expect(rehearsal).toMatch(/^## CUDA, rehearsed on the CPU/);
    expect(rehearsal).toContain("figures are no measurement");
  });
});

describe("images that mean nothing", () => {
  test("are asked for, or taken when nothing else was named", async () => {
    expect(await dataFolder({ synthetic: true })).toBeNull();
    await expect(dataFolder({ data: "/nowhere" })).rejects.toThrow(/Fashion-MNIST/);
  });

  test("have the shape of Fashion-MNIST and the same bytes each time", () => {
    const { train, test: held } = syntheticFashion(30, 5);
    expect(train.x.shape).toEqual([30, 28, 28, 1]);
    expect(held.y.shape).toEqual([5]);
    expect(train.x.data).toEqual(syntheticFashion(30, 5).train.x.data);
    expect(new Set(train.x.data).size).toBeGreaterThan(200);
  });
});
