/** One timed run of ours, in a process of its own; prints a line of JSON. Started by `lenet.ts` and others. */
import { datasets, devices, tune } from "../lib/index.js";
import { type PlaceRequest, placeOptions } from "./place.js";
import { type ProgramSize, sizesOf } from "./program-size.js";
import { recordPrograms } from "./recorder.js";
import { type Method, SETTING, tuneOptions } from "./setting.js";
import { type Spread, spread } from "./statistics.js";
import { syntheticFashion } from "./synthetic.js";

export interface OwnRequest extends PlaceRequest {
  readonly method: Method;
  readonly windows: number;
  /** Windows before those that are timed. Default 1. */
  readonly warmUp?: number;
  readonly dir?: string | undefined;
  /** Images that mean nothing, instead of Fashion-MNIST. */
  readonly synthetic?: boolean;
}

export interface OwnRun {
  readonly msPerStep: Spread;
  /** By the clock around all timed windows: whatever a study does between two of them counts, too. */
  readonly meanMsPerStep: number;
  /** In the order in which they were compiled. All programs share one arena: the largest one's. */
  readonly programs: readonly ProgramSize[];
  readonly peakRssMb: number;
  /** From nothing to the first inner step: reading the data, then tracing, differentiating, lowering and uploading. */
  readonly setUpMs: { readonly data: number; readonly compile: number };
  readonly fallbacks: number;
  readonly device: string;
  readonly threads: number;
  readonly blas: string;
  readonly simd: string;
}

async function run(request: OwnRequest): Promise<OwnRun> {
  const { method, windows, warmUp = 1, dir, synthetic } = request;
  const started = performance.now();
  const data = synthetic ? syntheticFashion() : await datasets.fashionMnist({ dir });
  const loaded = performance.now();
  const steps = (warmUp + windows) * SETTING.window;
  const place = placeOptions(request);
  const options = tuneOptions({ data, method, lr: 0.01, steps, seed: 0, ...place });
  const { value: study, programs } = recordPrograms(() => tune(options));
  const compiled = performance.now();
  const times: number[] = [];
  let [timedFrom, ended] = [compiled, compiled];
  for await (const { window, msPerStep } of study) {
    times.push(msPerStep);
    ended = performance.now();
    if (window === warmUp) timedFrom = ended;
  }
  const { fallbacks, device, threads } = await study.result;
  const cpu = devices().find((d) => d.name === "cpu");
  return {
    msPerStep: spread(times.slice(warmUp)),
    meanMsPerStep: (ended - timedFrom) / (windows * SETTING.window),
    programs: sizesOf(programs),
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    setUpMs: { data: loaded - started, compile: compiled - loaded },
    fallbacks,
    device,
    threads,
    blas: cpu?.blas ?? "",
    simd: cpu?.simdLevels?.at(-1) ?? "",
  };
}

const request = JSON.parse(process.argv[2] as string) as OwnRequest;
console.log(JSON.stringify(await run(request)));
