/** The section of RESULTS.md that `bench gpu` writes. */
import { basename } from "node:path";
import { linalgTable } from "../linalg-report.js";
import { loadLine, machineLine } from "../machine.js";
import { table } from "../markdown.js";
import { figure } from "../peer-table.js";
import { SETTING } from "../setting.js";
import { PAPER_STEPS } from "./entrants.js";
import { type GpuResult, type GpuRow, lanedStep, secondsOf, timesOf, verdict } from "./result.js";

const orDash = (value: number | null | undefined, text: (value: number) => string = figure) =>
  value === null || value === undefined || Number.isNaN(value) ? "–" : text(value);

const spread = ({ ours }: GpuRow) =>
  ours ? `${figure(ours.ms.median)} (${figure(ours.ms.min)}–${figure(ours.ms.max)})` : "–";

/** Times the speed of JAX, and the verdict on it. */
function speedTable({ rows, limits }: GpuResult): string {
  return table(
    ["ms per step", "ours", "JAX", "its form", "JAX / ours", "target", "", "GFLOP", "of sgemm"],
    rows.map((row) => {
      const { what, rival, target, gflop, ours, precision } = row;
      const times = timesOf(row);
      const rate = ours && gflop !== null ? gflop / (ours.ms.median / 1e3) : null;
      const limit = limits[precision]?.gflops;
      return [
        what,
        spread(row),
        orDash(rival?.ms.median),
        rival?.form ?? "–",
        orDash(times, (t) => t.toFixed(2)),
        target ? `≥ ${target.times}` : "–",
        target ? verdict(times, target.times, "atLeast") : "–",
        orDash(gflop, (g) => g.toPrecision(3)),
        orDash(rate && limit ? rate / limit : null, (s) => `${(100 * s).toFixed(1)} %`),
      ];
    }),
  );
}

/** Seconds for the paper's training, beside the paper's. */
function paperTable({ rows }: GpuResult): string {
  return table(
    [`s for ${PAPER_STEPS.toLocaleString("en")} steps`, "ours", "target", "", "JAX", "paper, A100"],
    rows
      .filter(({ paperSeconds }) => paperSeconds !== null)
      .map((row) => {
        const seconds = secondsOf(row.ours);
        const limit = row.target?.seconds;
        return [
          row.what,
          orDash(seconds),
          limit === undefined ? "–" : `≤ ${limit}`,
          limit === undefined ? "–" : verdict(seconds, limit, "atMost"),
          orDash(secondsOf(row.rival)),
          orDash(row.paperSeconds),
        ];
      }),
  );
}

const LAUNCHES = 60;
const [COLD_MS, WARM_MS] = [5_000, 500];

function otherTargets({ rows, starts }: GpuResult): string {
  const launches = lanedStep(rows)?.kernels ?? null;
  const start = (name: string, ms: number | null, limit: number) => [
    `${name} start, s`,
    orDash(ms === null ? null : ms / 1e3),
    `< ${limit / 1e3}`,
    verdict(ms, limit, "atMost"),
  ];
  return table(
    ["", "ours", "target", ""],
    [
      [
        "launches of a LeNet step with 3 lanes",
        orDash(launches, String),
        `< ${LAUNCHES}`,
        verdict(launches, LAUNCHES - 1, "atMost"),
      ],
      start("cold", starts?.cold.firstWindowMs ?? null, COLD_MS),
      start("warm", starts?.warm.firstWindowMs ?? null, WARM_MS),
    ],
  );
}

/** Each program once: methods share them. */
function programTable({ rows, limits: { float32 } }: GpuResult): string {
  const lines = rows
    .filter(({ precision }) => precision === "float32")
    .flatMap(({ name, programs }) =>
      programs.map((program) => {
        const model = name.startsWith("wrn") ? "WRN-28-2" : "LeNet";
        return [`${model}, ${program.name}`, program] as const;
      }),
    );
  const floor = (amount: number, rate: number | undefined) =>
    orDash(rate === undefined ? null : amount / rate / 1e6);
  return table(
    ["program", "launches", "arena, MB", "GFLOP", "at sgemm, ms", "MB", "at copying, ms"],
    [...new Map(lines)].map(([name, { kernels, arenaBytes, flops, bytes }]) => [
      name,
      String(kernels),
      figure(arenaBytes / 1e6),
      figure(flops / 1e9),
      floor(flops, float32?.gflops),
      figure(bytes / 1e6),
      floor(bytes, float32?.gbps),
    ]),
  );
}

/** JAX's forms side by side. */
function formsTable({ rows }: GpuResult): string {
  const forms = [...new Set(rows.flatMap((row) => Object.keys(row.forms)))];
  if (forms.length === 0) return "";
  const lines = rows.map((row) => [row.what, ...forms.map((form) => orDash(row.forms[form]))]);
  return `JAX's forms, ms per step:\n\n${table(["", ...forms], lines)}\n`;
}

function limitsLine({ limits }: GpuResult): string {
  const { float32, tf32 } = limits;
  const products = (gflops: number | undefined) =>
    orDash(gflops, (g) => `${(g / 1e3).toPrecision(3)} TFLOP/s`);
  const copies = orDash(float32?.gbps, (g) => `${g.toFixed(0)} GB/s`);
  return `float32 products ${products(float32?.gflops)}, TF32 products ${products(tf32?.gflops)}, copies ${copies}`;
}

function startLine({ starts }: GpuResult): string {
  if (!starts) return "";
  const { cold, warm } = starts;
  const s = (ms: number) => figure(ms / 1e3);
  return `Compiled and uploaded after ${s(cold.compiledMs)} s cold and ${s(warm.compiledMs)} s warm.`;
}

const list = (title: string, items: readonly string[]) =>
  items.length === 0 ? "" : `${title}\n\n${items.map((item) => `* ${item}`).join("\n")}\n`;

function chip({ gpu, machine, versions }: GpuResult): string {
  const libraries = Object.entries(gpu?.libraries ?? {}).map(([, path]) => basename(path));
  const also = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const about = gpu
    ? [
        `${gpu.name}, compute capability ${gpu.computeCapability}, ${(gpu.memoryBytes / 2 ** 30).toFixed(0)} GiB`,
        `driver ${gpu.driver}`,
        ...libraries,
      ]
    : ["no GPU: a rehearsal on the CPU, whose figures are no measurement"];
  return machineLine(machine, [...about, ...also, loadLine(machine)]);
}

function commandLine({ steps, repeat, rows, minutes, synthetic, device }: GpuResult["options"]) {
  return [
    `npm run bench:gpu -- --steps ${steps} --repeat ${repeat}`,
    ...(rows ? [`--rows ${rows}`] : []),
    ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
    ...(synthetic ? ["--synthetic"] : []),
    ...(device === "cpu" ? ["--device cpu"] : []),
  ].join(" ");
}

function howLong({ rows }: GpuResult): string {
  const steps = rows.find(({ paperSeconds }) => paperSeconds !== null)?.steps ?? 0;
  return steps === PAPER_STEPS
    ? `All ${PAPER_STEPS} steps were run.`
    : `${steps} steps were timed, after warming up, and their mean scaled to ${PAPER_STEPS}.`;
}

export function gpuReport(result: GpuResult): string {
  const { data, options, noRival, linalg, omitted, failures, gpu } = result;
  const { batch, window, last, validation } = SETTING;
  const images = data === "synthetic" ? "images of Fashion-MNIST's shape that mean nothing" : data;
  return `## CUDA${gpu ? "" : ", rehearsed on the CPU"}

\`${commandLine(options)}\`

${chip(result)}

${speedTable(result)}

Ours and JAX took turns on the same GPU, ${options.repeat} process${options.repeat === 1 ? "" : "es"} each; a figure is the median of the fastest
process (ours with its fastest and slowest window), and JAX's fastest form counts. LeNet: ${images}, batches of
${batch}, windows of ${window} steps with updates and DMD, ${validation} validation images, ${last} hypergradients a window for glocal. WRN-28-2: steps
on noise of CIFAR's size, batches of 128. In rows without TF32 both multiply float32 in full; in rows with
it JAX runs as it comes, which on such chips is TF32 as well. Measured here: ${limitsLine(result)}.
${noRival === "" ? "" : `\nJAX did not run: ${noRival}\n`}
${paperTable(result)}

${howLong(result)} Reading data and compiling are not in it.

${otherTargets(result)}

A start lasts from opening the device to the end of the first window of a LeNet study with glocal; cold is with
empty caches of kernels. ${startLine(result)}

${programTable(result)}

Launches, arithmetic and bytes of one run of a program, with the time that each takes at the rates above.

${formsTable(result)}
${linalg ? `Fits of the operator:\n\n${linalgTable(linalg)}\n` : ""}
${list("Left out, since time was up:", omitted)}
${list("Failed:", failures)}`
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
