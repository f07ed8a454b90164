/** `bench lenet`: milliseconds per inner step with no, local and glocal tuning, beside the JAX rival in the same run. */
import { fileURLToPath } from "node:url";
import { flopsPerStep } from "./flops.js";
import type { OwnRequest, OwnRun } from "./lenet-run.js";
import { describeMachine, loadLine, type Machine, machineLine, measureSgemm } from "./machine.js";
import { table } from "./markdown.js";
import { lastLineOf } from "./process.js";
import type { ProgramSize } from "./program-size.js";
import { findRivalPython, RIVAL_HINT, type RivalRun, runRival } from "./rival.js";
import { HYPERPARAMETERS, METHODS, type Method, POINTS, SETTING } from "./setting.js";
import { median, pool, type Spread } from "./statistics.js";

export interface LenetOptions {
  readonly windows: number;
  readonly repeat: number;
  readonly threads?: number;
  readonly data?: string;
}

interface MethodResult {
  readonly method: Method;
  readonly own: OwnRun;
  readonly rival: RivalRun | null;
  /** Our median over the rival's. */
  readonly ratio: number | null;
  /** The least arithmetic of a step, and the time it takes at the measured rate of matrix products. */
  readonly gflop: number;
  readonly floorMs: number;
}

export interface LenetResult {
  readonly machine: Machine;
  readonly options: LenetOptions;
  readonly sgemmGflops: number;
  readonly methods: readonly MethodResult[];
}

function runOwn(request: OwnRequest): Promise<OwnRun> {
  const program = fileURLToPath(new URL("lenet-run.ts", import.meta.url));
  return lastLineOf(process.execPath, [...process.execArgv, program, JSON.stringify(request)]);
}

/** One figure for several processes: the median, but the largest of memory. */
function combine<Run extends OwnRun | RivalRun>(runs: readonly Run[]): Run {
  return {
    ...(runs[0] as Run),
    msPerStep: pool(runs.map((r) => r.msPerStep)),
    peakRssMb: Math.max(...runs.map((r) => r.peakRssMb)),
  };
}

function combineOwn(runs: readonly OwnRun[]): OwnRun {
  const setUpMs = {
    data: median(runs.map((r) => r.setUpMs.data)),
    compile: median(runs.map((r) => r.setUpMs.compile)),
  };
  return { ...combine(runs), setUpMs };
}

/** Ours and the rival take turns, so that a machine that slows down slows both. */
export async function runLenet(
  options: LenetOptions,
  note: (text: string) => void,
): Promise<LenetResult> {
  const { windows, repeat, threads, data: dir } = options;
  const machine = describeMachine();
  const python = findRivalPython();
  if (!python) note(`No Python with JAX was found, so ours runs alone. ${RIVAL_HINT}`);
  const own = new Map<Method, OwnRun[]>(METHODS.map((m) => [m, []]));
  const rival = new Map<Method, RivalRun[]>(METHODS.map((m) => [m, []]));
  for (let round = 1; round <= repeat; round++)
    for (const method of METHODS) {
      note(`round ${round} of ${repeat}: ${method}`);
      own.get(method)?.push(await runOwn({ method, windows, dir, threads }));
      if (python) rival.get(method)?.push(await runRival({ python, method, windows, dir }));
    }
  const sgemmGflops = measureSgemm(threads);
  const methods = METHODS.map((method): MethodResult => {
    const ours = combineOwn(own.get(method) as OwnRun[]);
    const theirs = python ? combine(rival.get(method) as RivalRun[]) : null;
    const { batch, window, validation } = SETTING;
    const points = POINTS[method];
    const lanes = points > 0 ? HYPERPARAMETERS : 0;
    const gflop = flopsPerStep({ batch, lanes, window, points, validation }) / 1e9;
    return {
      method,
      own: ours,
      rival: theirs,
      ratio: theirs && ours.msPerStep.median / theirs.msPerStep.median,
      gflop,
      floorMs: (1e3 * gflop) / sgemmGflops,
    };
  });
  return { machine, options, sgemmGflops, methods };
}

const ms = ({ min, median, max }: Spread) =>
  `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`;

/** Methods share programs: each is named once. */
function distinctPrograms(methods: readonly MethodResult[]): ProgramSize[] {
  const all = methods.flatMap(({ own }) => own.programs);
  return [...new Map(all.map((program) => [program.name, program])).values()];
}

/** The section of RESULTS.md. */
export function lenetReport({ machine, options, sgemmGflops, methods }: LenetResult): string {
  const times = table(
    ["ms per step", "ours", "JAX", "ratio", "GFLOP", "floor, ms", "share of sgemm"],
    methods.map(({ method, own, rival, ratio, gflop, floorMs }) => [
      method,
      ms(own.msPerStep),
      rival ? ms(rival.msPerStep) : "–",
      ratio === null ? "–" : ratio.toFixed(2),
      gflop.toFixed(2),
      floorMs.toFixed(1),
      `${((100 * floorMs) / own.msPerStep.median).toFixed(0)} %`,
    ]),
  );
  const costs = table(
    ["", "peak RSS, MB", "JAX's, MB", "read data, ms", "compile, ms"],
    methods.map(({ method, own, rival }) => [
      method,
      own.peakRssMb.toFixed(0),
      rival ? rival.peakRssMb.toFixed(0) : "–",
      own.setUpMs.data.toFixed(0),
      own.setUpMs.compile.toFixed(0),
    ]),
  );
  const sizes = table(
    ["program", "kernels", "arena, MB"],
    distinctPrograms(methods).map(({ name, kernels, arenaBytes }) => [
      name,
      String(kernels),
      (arenaBytes / 1e6).toFixed(1),
    ]),
  );
  const [{ own, rival }] = methods as [MethodResult];
  const versions = [own.blas, own.simd, `${own.threads} threads`, loadLine(machine)];
  if (rival) versions.push(`JAX ${rival.versions["jax"]} on ${rival.device}`);
  const { batch, window, last, validation } = SETTING;
  return `## LeNet on Fashion-MNIST

\`npm run bench -- lenet --windows ${options.windows} --repeat ${options.repeat}\`

${machineLine(machine, versions)}

Batches of ${batch}, windows of ${window} steps, ${HYPERPARAMETERS} hyperparameters, ${validation} validation images in full, ${last} hypergradients
a window for glocal, float32. Median (fastest–slowest window); ours and the rival took turns, each
in a process of its own. The floor is the least arithmetic of forward-mode tangents at ${sgemmGflops.toFixed(0)} GFLOP/s,
this machine's rate for float32 products of 1024 × 1024 matrices on as many threads. Where ours took
reverse mode (its program of adjoints stands below) it did less arithmetic than that, and its share is
flattered.

${times}

Before the first step come reading the data, then tracing and compiling. Resident memory includes
Node, a TypeScript loader and the data set.

${costs}

Kernels are those of one run of a program, each once however many blocks of the batch it runs on; all
programs share one arena, as large as the largest needs.

${sizes}`;
}
