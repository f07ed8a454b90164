/** One timed run of ours, in a process of its own; prints a line of JSON. Started by `lenet.ts`. */
import { datasets, devices, tune } from "../lib/index.js";
import { kernelsOf, programOf } from "./kernels-of.js";
import { recordPrograms } from "./recorder.js";
import { type Method, SETTING, tuneOptions } from "./setting.js";
import { type Spread, spread } from "./statistics.js";

export interface OwnRequest {
  readonly method: Method;
  readonly windows: number;
  readonly dir?: string | undefined;
  readonly threads?: number | undefined;
}

export interface ProgramSize {
  readonly name: string;
  /** Of one run, each once however many blocks of the batch it runs on. */
  readonly kernels: number;
  readonly arenaBytes: number;
}

export interface OwnRun {
  readonly msPerStep: Spread;
  /** In the order in which they were compiled. All programs share one arena: the largest one's. */
  readonly programs: readonly ProgramSize[];
  readonly peakRssMb: number;
  /** From nothing to the first inner step: reading the data, then tracing, differentiating, lowering and uploading. */
  readonly setUpMs: { readonly data: number; readonly compile: number };
  readonly fallbacks: number;
  readonly threads: number;
  readonly blas: string;
  readonly simd: string;
}

/** Timing starts with the second window. */
const WARM_UP = 1;

async function run({ method, windows, dir, threads }: OwnRequest): Promise<OwnRun> {
  const started = performance.now();
  const data = await datasets.fashionMnist({ dir });
  const loaded = performance.now();
  const steps = (WARM_UP + windows) * SETTING.window;
  const options = tuneOptions({ data, method, lr: 0.01, steps, seed: 0, threads });
  const { value: study, programs } = recordPrograms(() => tune(options));
  const compiled = performance.now();
  const times: number[] = [];
  for await (const { msPerStep } of study) times.push(msPerStep);
  const { fallbacks, threads: used } = await study.result;
  const cpu = devices().find((d) => d.name === "cpu");
  return {
    msPerStep: spread(times.slice(WARM_UP)),
    programs: programs.map((executable) => {
      const program = programOf(executable);
      const { name, arenaBytes } = program;
      return { name, kernels: kernelsOf(program).length, arenaBytes };
    }),
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    setUpMs: { data: loaded - started, compile: compiled - loaded },
    fallbacks,
    threads: used,
    blas: cpu?.blas ?? "",
    simd: cpu?.simdLevels?.at(-1) ?? "",
  };
}

const request = JSON.parse(process.argv[2] as string) as OwnRequest;
console.log(JSON.stringify(await run(request)));
